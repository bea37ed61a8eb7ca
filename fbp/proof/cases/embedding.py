"""Tables: duplicate ids, padding, sequences shorter than the table, a table used at both ends."""

import jax
import jax.numpy as jnp

from fbp.compose import serial, tied_embedding
from fbp.layer import Layer
from fbp.layers import dense, embedding, positions, tanh
from fbp.proof.cases.case import Case, integers, normal


def in_a_step(layer: Layer) -> Layer:
    """A table on traced ids, as in a compiled step, where none is refused. What reads as NaN, ids
    outside, is shown as 0; their cotangents come all the same."""

    def forward(params, state, ids, ctx):
        y, _, res = jax.jit(lambda p, ids: layer.forward(p, state, ids, ctx))(params, ids)
        return jnp.nan_to_num(y), state, res

    return layer._replace(forward=forward)


CASES = (
    # 12 draws from 5 rows: some ids come twice, some rows never.
    Case("embedding", embedding(5, 3), integers(3, 4, high=5)),
    Case("embedding/padding", embedding(4, 3, padding_id=0), integers(2, 5, high=4)),
    Case(
        "embedding/outside",
        in_a_step(embedding(3, 2)),
        lambda key, dtype: jnp.array([[-1, 0, 5, 2], [1, 3, -4, 1]]),
    ),
    Case("positions", positions(6), normal(2, 4, 3)),
    Case("positions/full", positions(4), normal(2, 3, 4, 2)),
    Case(
        "tied_embedding",
        tied_embedding(5, 3, serial(dense(4), tanh(), dense(3))),
        integers(2, 4, high=5),
    ),
)
