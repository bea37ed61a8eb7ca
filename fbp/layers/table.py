"""Reading rows of a table by integer ids, and the transpose: adding to them."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def look_up(
    table: Float[Array, "vocabulary features"], ids: Int[Array, "*batch"], elsewhere: float
):
    """table[ids], and `elsewhere` for ids outside the table: an id never wraps or clips."""
    inside = (ids >= 0) & (ids < table.shape[0])
    rows = jnp.take(table, jnp.where(inside, ids, 0), axis=0)
    return jnp.where(inside[..., None], rows, jnp.asarray(elsewhere, table.dtype))


def add_rows(table: Float[Array, "vocabulary features"], ids: Int[Array, "*batch"], dy):
    """The transpose of look_up: a table of zeros, like `table`, to which row i of dy is added at
    ids[i]; duplicate ids add up, in float32 or better, and ids outside are dropped."""
    wide = jnp.zeros(table.shape, jnp.promote_types(table.dtype, jnp.float32))
    beyond = jnp.where(ids < 0, table.shape[0], ids)  # a negative index would wrap
    return wide.at[beyond].add(dy.astype(wide.dtype), mode="drop").astype(table.dtype)
