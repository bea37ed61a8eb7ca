"""Blocks of deep nets: stochastic depth and reversible residuals."""

from fbp.compose import repeat, residual, reversible, serial
from fbp.layers import dense, drop_path, dropout, layer_norm, tanh
from fbp.proof.cases.case import Case, normal

CASES = (
    Case("drop_path", drop_path(0.5), normal(6, 3, 2)),
    Case("drop_path/residual", residual(serial(dense(3), drop_path(0.4))), normal(6, 3)),
    Case(
        "reversible",
        reversible(serial(layer_norm(), dense(3), tanh()), serial(dense(3), tanh()), n=3),
        normal(4, 6),
    ),
    Case("reversible/dropout", reversible(dropout(0.3), dense(2)), normal(3, 4)),
    Case("reversible/repeat", repeat(reversible(dense(2), tanh()), 2), normal(3, 4)),
)
