"""Keep the input, recompute the rest: memory for time."""

from __future__ import annotations

from jax import lax

from fbp.layer import Layer, Part, dual, pull, push


def remat(layer: Layer) -> Layer:
    """The same function, whose residuals are only its arguments: jvp and vjp run forward again.

    The recomputation sees the same key, so a dropout mask is redrawn identically; a barrier keeps
    the compiler from sharing it with the first forward, which would keep the residuals alive.
    Source: Chen et al. 2016, Training deep nets with sublinear memory cost.
    """

    def forward(params, state, x, ctx):
        y, new_state, _ = layer.forward(params, state, x, ctx)
        return y, new_state, (state, x, ctx)

    def again(params, res):
        params, (state, x, ctx) = lax.optimization_barrier((params, res))
        return layer.forward(params, state, x, ctx)[2]

    def jvp(params, res, tparams, tx):
        return push(layer, params, again(params, res), tparams, tx)

    def vjp(params, res, dy):
        return pull(layer, params, again(params, res), dy)

    def dual_(params, state, x, ctx, tparams, tx):
        return dual(layer, params, state, x, ctx, tparams, tx)

    parts = (Part("f", layer),)
    return Layer("remat", layer.init, forward, jvp, vjp, dual_, parts, lambda f: remat(*f))
