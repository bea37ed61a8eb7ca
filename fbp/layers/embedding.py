"""Tables: y = table[ids], and positions added to a sequence."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.dense import require_floating_features
from fbp.layers.factors.factor import factored, wide
from fbp.layers.factors.rows import Rows
from fbp.layers.factors.scatter import Scatter
from fbp.layers.initializers import Initializer, small_normal
from fbp.layers.table import add_rows, look_up


class EmbeddingParams(NamedTuple):
    """table: (vocabulary, features)."""

    table: Float[Array, "vocabulary features"]


def embedding_forward(params: EmbeddingParams, ids: Int[Array, "*batch"], padding_id: int | None):
    """y = table[ids], 0 at padding, NaN outside the table. Residual: ids."""
    y = look_up(params.table, ids, jnp.nan)
    return _unless_padding(y, ids, padding_id), ids


def embedding_jvp(params: EmbeddingParams, ids, tparams: EmbeddingParams, tx, padding_id):
    """ty = ttable[ids]: the map is linear in the table."""
    return _unless_padding(look_up(tparams.table, ids, 0.0), ids, padding_id)


def embedding_vjp(params: EmbeddingParams, ids, dy, padding_id):
    """dtable = sum over places i of dy_i at row ids_i; there is no dx."""
    return EmbeddingParams(add_rows(params.table, ids, _unless_padding(dy, ids, padding_id))), None


def embedding_factors(params: EmbeddingParams, ids, dy, padding_id):
    """As embedding_vjp, of the places of one example."""
    rows = _unless_padding(dy, ids, padding_id)
    return factored(params, Scatter(ids, rows, params.table.shape[0])), None


def embedding(
    vocabulary: int,
    features: int,
    *,
    padding_id: int | None = None,
    table_init: Initializer = small_normal,
    dtype: str = "float32",
) -> Layer:
    """ids (...,) of integers -> (..., features). Source: Bengio et al. 2003, section 2.

    The row of `padding_id` reads as 0 and never learns. An id outside 0 .. vocabulary - 1 raises
    LayerError where ids are concrete, and reads as NaN inside a compiled function.
    """

    def init(key, ids):
        require_integers("embedding", ids)
        return EmbeddingParams(table_init(key, (vocabulary, features), jnp.dtype(dtype)))

    def forward(params, ids):
        require_inside(ids, vocabulary)
        return embedding_forward(params, ids, padding_id)

    return stateless(
        f"embedding({vocabulary}, {features})",
        init,
        forward,
        lambda params, ids, tparams, tx: embedding_jvp(params, ids, tparams, tx, padding_id),
        lambda params, ids, dy: embedding_vjp(params, ids, dy, padding_id),
        lambda params, ids, dy: embedding_factors(params, ids, dy, padding_id),
    )


def positions_forward(params: EmbeddingParams, x: Float[Array, "*batch length features"]):
    """y_t = x_t + table_t. No residual but the batch's shape, which dy has."""
    return x + params.table[: x.shape[-2]], ()


def positions_jvp(params: EmbeddingParams, res: tuple, tparams: EmbeddingParams, tx):
    """ty_t = tx_t + ttable_t."""
    return tx + tparams.table[: tx.shape[-2]]


def positions_vjp(params: EmbeddingParams, res: tuple, dy):
    """dtable_t = sum of dy_t over the batch, 0 beyond the sequence; dx = dy."""
    length, features = dy.shape[-2:]
    wide = jnp.promote_types(dy.dtype, jnp.float32)
    rows = jnp.sum(dy.reshape(-1, length, features), axis=0, dtype=wide)
    dtable = jnp.zeros_like(params.table).at[:length].set(rows.astype(params.table.dtype))
    return EmbeddingParams(dtable), dy


def positions_factors(params: EmbeddingParams, res: tuple, dy):
    """As positions_vjp: dtable_i = dy_i, summed over batch axes after the first."""
    rows = jnp.sum(wide(dy), axis=tuple(range(1, dy.ndim - 2)))
    return factored(params, Rows(rows, params.table.shape[0])), dy


def positions(max_length: int, *, table_init: Initializer = small_normal) -> Layer:
    """Adds a learned vector for each place: x (..., length, features), length <= max_length.

    Source: Gehring et al. 2017, section 3.1. Raises LayerError, at init, for a longer sequence.
    """

    def init(key, x):
        require_floating_features("positions", x)
        if x.ndim < 2 or x.shape[-2] > max_length:
            raise LayerError(
                f"positions({max_length}) takes (..., length <= {max_length}, features), "
                f"got {list(x.shape)}"
            )
        return EmbeddingParams(table_init(key, (max_length, x.shape[-1]), x.dtype))

    return stateless(
        f"positions({max_length})",
        init,
        positions_forward,
        positions_jvp,
        positions_vjp,
        positions_factors,
    )


def require_inside(ids: Array, vocabulary: int) -> None:
    """Raises LayerError for a concrete id outside 0 .. vocabulary - 1; traced ids pass."""
    if isinstance(ids, jax.core.Tracer) or ids.size == 0:
        return
    known = np.asarray(ids)  # jnp.min of a constant is traced inside jit
    low, high = int(known.min()), int(known.max())
    if low < 0 or high >= vocabulary:
        worst = low if low < 0 else high
        raise LayerError(f"id {worst} is outside the table: expected 0 .. {vocabulary - 1}")


def require_integers(name: str, ids: jax.ShapeDtypeStruct) -> None:
    if not jnp.issubdtype(ids.dtype, jnp.integer):
        raise LayerError(f"{name} takes integer ids, got {ids.dtype.name}{list(ids.shape)}")


def _unless_padding(rows: Array, ids: Array, padding_id: int | None) -> Array:
    return rows if padding_id is None else jnp.where((ids == padding_id)[..., None], 0, rows)
