"""One table at both ends of a net: the embedding and the output head."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.compose.parts import init_and_shape
from fbp.layer import Layer, LayerError, Part, PyTree, dual, pull, push, within
from fbp.layers.dense import matmul, transposed_matmul
from fbp.layers.embedding import require_inside, require_integers
from fbp.layers.factors.factor import factored
from fbp.layers.factors.tied import Tied
from fbp.layers.initializers import Initializer, small_normal
from fbp.layers.table import add_rows, look_up


class TiedParams(NamedTuple):
    """table: (vocabulary, features), used twice. trunk: the parameters in between."""

    table: Float[Array, "vocabulary features"]
    trunk: PyTree


def tied_embedding(
    vocabulary: int,
    features: int,
    trunk: Layer,
    *,
    table_init: Initializer = small_normal,
    dtype: str = "float32",
) -> Layer:
    """logits = h E^T with h = trunk(E[ids]): one table at both ends, whose two gradients add.

    ids (...) -> logits (..., vocabulary). State is trunk's. Source: Press & Wolf 2017.
    Raises LayerError as embedding does and, at init, if trunk changes the feature count.
    """

    def init(key, ids):
        require_integers("tied_embedding", ids)
        table_key, trunk_key = jax.random.split(key)
        table = table_init(table_key, (vocabulary, features), jnp.dtype(dtype))
        with within("trunk"):
            x = jax.ShapeDtypeStruct((*ids.shape, features), table.dtype)
            params, state, h = init_and_shape(trunk, trunk_key, x)
        if h.shape[-1:] != (features,):
            raise LayerError(f"tied_embedding: trunk maps {features} features to {list(h.shape)}")
        return TiedParams(table, params), state

    def forward(params, state, ids, ctx):
        require_inside(ids, vocabulary)
        with within("trunk"):
            x = look_up(params.table, ids, jnp.nan)
            h, state, res = trunk.forward(params.trunk, state, x, ctx)
        return matmul(h, params.table.T), state, (ids, h, res)

    def jvp(params, res, tparams, tx):
        ids, h, trunk_res = res
        with within("trunk"):
            tx = look_up(tparams.table, ids, 0.0)
            th = push(trunk, params.trunk, trunk_res, tparams.trunk, tx)
        return matmul(th, params.table.T) + matmul(h, tparams.table.T)

    def through_trunk(params, res, dy):
        """(dtrunk, dx) for a cotangent dy of the logits."""
        with within("trunk"):
            return pull(trunk, params.trunk, res[2], matmul(dy, params.table))

    def vjp(params, res, dy):
        ids, h, _ = res
        dtrunk, dx = through_trunk(params, res, dy)
        rows, drows = h.reshape(-1, h.shape[-1]), dy.reshape(-1, dy.shape[-1])
        dtable = transposed_matmul(drows, rows) + add_rows(params.table, ids, dx)
        return TiedParams(dtable, dtrunk), None

    def factors(params, res, dy):
        ids, h, _ = res
        dtrunk, dx = through_trunk(params, res, dy)
        return factored(params, Tied(dy, h, ids, dx), dtrunk), None

    def dual_(params, state, ids, ctx, tparams, tx):
        with within("trunk"):
            x, tx = look_up(params.table, ids, jnp.nan), look_up(tparams.table, ids, 0.0)
            h, state, th = dual(trunk, params.trunk, state, x, ctx, tparams.trunk, tx)
        ty = matmul(th, params.table.T) + matmul(h, tparams.table.T)
        return matmul(h, params.table.T), state, ty

    return Layer(
        f"tied_embedding({vocabulary}, {features})",
        init,
        forward,
        jvp,
        vjp,
        dual_,
        (Part("trunk", trunk),),
        lambda f: tied_embedding(vocabulary, features, *f, table_init=table_init, dtype=dtype),
        factors,
    )
