"""y = f(f(... f(x))) n times, each with parameters of its own, as one scan each way."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from fbp.compose.parts import init_and_shape, same_shape
from fbp.layer import Layer, LayerError, Part, dual, pull, push, within


def repeat(layer: Layer, n: int) -> Layer:
    """n copies of `layer` in series, as one lax.scan: compile time does not grow with depth.

    Parameters, state and residuals are the layer's, stacked along a new first axis of length n.
    Application i draws from fold_in(key, i). Equals serial(*[layer] * n) on the same parameters.
    Raises LayerError for n < 1 and, at init, if the layer changes the shape or the dtype.
    """
    if n < 1:
        raise LayerError(f"repeat needs n >= 1, got {n}")

    def init(key, x):
        with within("f"):
            y = init_and_shape(layer, key, x)[2]
        same_shape(f"repeat needs {layer.name} to keep its input's shape", x, y)
        return jax.vmap(lambda k: layer.init(k, x))(jax.random.split(key, n))

    def forward(params, state, x, ctx):
        def one(x, inputs):
            p, s, i = inputs
            y, s, r = layer.forward(p, s, x, ctx.child(i))
            return y, (s, r)

        with within("f"):
            y, (state, res) = lax.scan(one, x, (params, state, jnp.arange(n)))
        return y, state, res

    def jvp(params, res, tparams, tx):
        def one(tx, inputs):
            p, r, tp = inputs
            return push(layer, p, r, tp, tx), None

        with within("f"):
            return lax.scan(one, tx, (params, res, tparams))[0]

    def vjp(params, res, dy):
        def one(dy, inputs):
            p, r = inputs
            dp, dx = pull(layer, p, r, dy)
            return dx, dp

        with within("f"):
            dx, dparams = lax.scan(one, dy, (params, res), reverse=True)
        return dparams, dx

    def dual_(params, state, x, ctx, tparams, tx):
        def one(carry, inputs):
            p, s, tp, i = inputs
            y, s, ty = dual(layer, p, s, carry[0], ctx.child(i), tp, carry[1])
            return (y, ty), s

        with within("f"):
            (y, ty), state = lax.scan(one, (x, tx), (params, state, tparams, jnp.arange(n)))
        return y, state, ty

    parts = (Part("f", layer, n),)
    return Layer(f"repeat({n})", init, forward, jvp, vjp, dual_, parts, lambda f: repeat(f[0], n))
