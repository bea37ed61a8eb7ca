"""Blocks of deep nets: stochastic depth and reversible residuals."""

from fbp.compose import repeat, residual, reversible, serial, two_streams
from fbp.layers import dense, drop_path, dropout, layer_norm, tanh
from fbp.proof.cases.case import Case, normal

flow = serial(layer_norm(), dense(3), tanh())

CASES = (
    Case("drop_path", drop_path(0.5), normal(6, 3, 2)),
    Case("drop_path/residual", residual(serial(dense(3), drop_path(0.4))), normal(6, 3)),
    Case("reversible", reversible(flow, serial(dense(3), tanh())), normal(4, 6)),
    Case("reversible/dropout", reversible(dropout(0.3), dense(2)), normal(3, 4)),
    Case("two_streams", two_streams(reversible(dense(3), tanh())), normal(2, 3)),
    Case(
        "repeat/reversible",
        repeat(reversible(flow, serial(dense(3), tanh())), 3, save="reversible"),
        normal(4, 6),
    ),
    Case(
        "repeat/reversible/dropout",
        repeat(reversible(dropout(0.3), dense(2)), 2, save="reversible"),
        normal(3, 4),
    ),
)
