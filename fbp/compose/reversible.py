"""A residual block whose input follows from its output."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.compose.parts import init_and_shape, same_shape
from fbp.layer import Layer, LayerError, Part, dual, pull, push, within


def reversible(f: Layer, g: Layer) -> Layer:
    """y1 = x1 + f(x2), y2 = x2 + g(y1), on the halves x1, x2 of the last axis.

    Its undo finds x2 = y2 - g(y1), then x1 = y1 - f(x2), to rounding, so that
    repeat(reversible(f, g), n, save="reversible") keeps the last output only, whatever n is.
    Parameters, state and residuals: {"f", "g"}. f draws from fold_in(key, 0), g from fold_in(key,
    1). Source: Gomez et al. 2017, eq. 6-8 and algorithm 1.
    Raises LayerError, at init, for an odd last axis or a half that changes shape.
    """

    def init(key, x):
        if x.shape[-1] % 2:
            raise LayerError(f"reversible halves the last axis of {list(x.shape)}, which is odd")
        half = jax.ShapeDtypeStruct((*x.shape[:-1], x.shape[-1] // 2), x.dtype)
        params, state = {}, {}
        layers = {"f": f, "g": g}
        for (name, layer), k in zip(layers.items(), jax.random.split(key), strict=True):
            with within(name):
                params[name], state[name], y = init_and_shape(layer, k, half)
            same_shape(f"reversible needs {name} to keep its input's shape", half, y)
        return params, state

    def run_f(params, state, x, ctx):
        with within("f"):
            return f.forward(params["f"], state["f"], x, ctx.child(0))

    def run_g(params, state, x, ctx):
        with within("g"):
            return g.forward(params["g"], state["g"], x, ctx.child(1))

    def forward(params, state, x, ctx):
        x1, x2 = _halves(x)
        fx, f_state, f_res = run_f(params, state, x2, ctx)
        y1 = x1 + fx
        gy, g_state, g_res = run_g(params, state, y1, ctx)
        return _whole(y1, x2 + gy), {"f": f_state, "g": g_state}, {"f": f_res, "g": g_res}

    def undo(params, state, y, ctx):
        y1, y2 = _halves(y)
        gy, _, g_res = run_g(params, state, y1, ctx)
        x2 = y2 - gy
        fx, _, f_res = run_f(params, state, x2, ctx)
        return _whole(y1 - fx, x2), {"f": f_res, "g": g_res}

    def jvp(params, res, tparams, tx):
        t1, t2 = _halves(tx)
        with within("f"):
            ty1 = t1 + push(f, params["f"], res["f"], tparams["f"], t2)
        with within("g"):
            return _whole(ty1, t2 + push(g, params["g"], res["g"], tparams["g"], ty1))

    def vjp(params, res, dy):
        dy1, dy2 = _halves(dy)
        with within("g"):
            dg, d1 = pull(g, params["g"], res["g"], dy2)
        dx1 = dy1 + d1
        with within("f"):
            df, d2 = pull(f, params["f"], res["f"], dx1)
        return {"f": df, "g": dg}, _whole(dx1, dy2 + d2)

    def dual_(params, state, x, ctx, tparams, tx):
        (x1, x2), (t1, t2) = _halves(x), _halves(tx)
        with within("f"):
            fx, f_state, tf = dual(f, params["f"], state["f"], x2, ctx.child(0), tparams["f"], t2)
        y1, ty1 = x1 + fx, t1 + tf
        with within("g"):
            gy, g_state, tg = dual(g, params["g"], state["g"], y1, ctx.child(1), tparams["g"], ty1)
        return _whole(y1, x2 + gy), {"f": f_state, "g": g_state}, _whole(ty1, t2 + tg)

    parts = (Part("f", f), Part("g", g))
    return Layer(
        "reversible", init, forward, jvp, vjp, dual_, parts, lambda fg: reversible(*fg), undo=undo
    )


def _halves(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    a, b = jnp.split(x, 2, axis=-1)
    return a, b


def _whole(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.concatenate([a, b], axis=-1)
