"""A layer of two streams between layers of one."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.compose.parts import init_and_shape, same_shape
from fbp.layer import Layer, Part, dual, pull, push


def two_streams(layer: Layer) -> Layer:
    """y = (y1 + y2) / 2 of y1, y2 = layer(x, x), which lie side by side on the last axis.

    What reversible blocks need to run at x's full width. Parameters and state are the layer's.
    Source: Kitaev et al. 2020, Reformer, section 3, whose streams both start at the embedding.
    Raises LayerError, at init, if the layer changes the shape or the dtype.
    """

    def init(key, x):
        width = 2 * x.shape[-1]
        both = jax.ShapeDtypeStruct((*x.shape[:-1], width), x.dtype)
        params, state, y = init_and_shape(layer, key, both)
        same_shape(f"two_streams needs {layer.name} to keep its input's shape", both, y)
        return params, state

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params, state, _twice(x), ctx)
        return _mean(y), state, res

    def jvp(params, res, tparams, tx):
        return _mean(push(layer, params, res, tparams, _twice(tx)))

    def vjp(params, res, dy):
        dparams, dx = pull(layer, params, res, _twice(dy / 2))
        return dparams, 2 * _mean(dx)

    def dual_(params, state, x, ctx, tparams, tx):
        y, state, ty = dual(layer, params, state, _twice(x), ctx, tparams, _twice(tx))
        return _mean(y), state, _mean(ty)

    parts = (Part("f", layer),)
    return Layer("two_streams", init, forward, jvp, vjp, dual_, parts, lambda f: two_streams(f[0]))


def _twice(x: jax.Array) -> jax.Array:
    return jnp.concatenate([x, x], axis=-1)


def _mean(y: jax.Array) -> jax.Array:
    a, b = jnp.split(y, 2, axis=-1)
    return (a + b) / 2
