"""Residual blocks whose inputs follow from their outputs: memory that does not grow with depth."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from fbp.compose.parts import init_and_shape, same_shape
from fbp.layer import Context, Layer, LayerError, Part, PyTree, dual, pull, within


class ReversibleResiduals(NamedTuple):
    """y: the last output. state: each block's, before the pass. ctx: what the blocks drew from."""

    y: jax.Array
    state: PyTree
    ctx: Context


def reversible(f: Layer, g: Layer, n: int = 1) -> Layer:
    """n blocks y1 = x1 + f(x2), y2 = x2 + g(y1), on the halves x1, x2 of the last axis.

    The only residual is the last output: backward finds each block's input again as
    x2 = y2 - g(y1), x1 = y1 - f(x2), to rounding, and runs f and g forward once more.
    Parameters and state: {"f", "g"}, stacked along a first axis of length n.
    Source: Gomez et al. 2017, eq. 6-8 and algorithm 1.
    Raises LayerError for n < 1 and, at init, for an odd last axis or a half that changes shape.
    """
    if n < 1:
        raise LayerError(f"reversible needs n >= 1, got {n}")

    def run(name, layer, p, s, x, ctx):
        """(y, state, res) of f or g in one block."""
        with within(name):
            return layer.forward(p[name], s[name], x, ctx.child(0 if name == "f" else 1))

    def init(key, x):
        if x.shape[-1] % 2:
            raise LayerError(f"reversible halves the last axis of {list(x.shape)}, which is odd")
        half = jax.ShapeDtypeStruct((*x.shape[:-1], x.shape[-1] // 2), x.dtype)
        for name, layer in (("f", f), ("g", g)):
            with within(name):
                y = init_and_shape(layer, key, half)[2]
            same_shape(f"reversible needs {name} to keep its input's shape", half, y)

        def one(key):
            f_key, g_key = jax.random.split(key)
            (pf, sf), (pg, sg) = f.init(f_key, half), g.init(g_key, half)
            return {"f": pf, "g": pg}, {"f": sf, "g": sg}

        return jax.vmap(one)(jax.random.split(key, n))

    def forward(params, state, x, ctx):
        def block(halves, inputs):
            x1, x2 = halves
            p, s, i = inputs
            fx, sf, _ = run("f", f, p, s, x2, ctx.child(i))
            y1 = x1 + fx
            gy, sg, _ = run("g", g, p, s, y1, ctx.child(i))
            return (y1, x2 + gy), {"f": sf, "g": sg}

        halves, new_state = lax.scan(block, _halves(x), (params, state, jnp.arange(n)))
        y = jnp.concatenate(halves, axis=-1)
        return y, new_state, ReversibleResiduals(y, state, ctx)

    def undo(p, s, ctx, halves):
        """A block's input, and what f and g left on the way there."""
        y1, y2 = halves
        gy, _, g_res = run("g", g, p, s, y1, ctx)
        x2 = y2 - gy
        fx, _, f_res = run("f", f, p, s, x2, ctx)
        return (y1 - fx, x2), f_res, g_res

    def jvp(params, res, tparams, tx):
        def back(halves, inputs):
            p, s, i = inputs
            return undo(p, s, res.ctx.child(i), halves)[0], None

        inputs = (params, res.state, jnp.arange(n))
        halves, _ = lax.scan(back, _halves(res.y), inputs, reverse=True)
        x = jnp.concatenate(halves, axis=-1)
        return dual_(params, res.state, x, res.ctx, tparams, tx)[2]

    def vjp(params, res, dy):
        def back(carry, inputs):
            halves, (dy1, dy2) = carry
            p, s, i = inputs
            halves, f_res, g_res = undo(p, s, res.ctx.child(i), halves)
            with within("g"):
                dg, d1 = pull(g, p["g"], g_res, dy2)
            dx1 = dy1 + d1
            with within("f"):
                df, d2 = pull(f, p["f"], f_res, dx1)
            return (halves, (dx1, dy2 + d2)), {"f": df, "g": dg}

        inputs = (params, res.state, jnp.arange(n))
        carry = (_halves(res.y), _halves(dy))
        (_, dhalves), dparams = lax.scan(back, carry, inputs, reverse=True)
        return dparams, jnp.concatenate(dhalves, axis=-1)

    def dual_(params, state, x, ctx, tparams, tx):
        def block(carry, inputs):
            (x1, x2), (t1, t2) = carry
            p, s, tp, i = inputs
            at = ctx.child(i)
            with within("f"):
                fx, sf, tfx = dual(f, p["f"], s["f"], x2, at.child(0), tp["f"], t2)
            y1, ty1 = x1 + fx, t1 + tfx
            with within("g"):
                gy, sg, tgy = dual(g, p["g"], s["g"], y1, at.child(1), tp["g"], ty1)
            return ((y1, x2 + gy), (ty1, t2 + tgy)), {"f": sf, "g": sg}

        inputs = (params, state, tparams, jnp.arange(n))
        (y, ty), new_state = lax.scan(block, (_halves(x), _halves(tx)), inputs)
        return jnp.concatenate(y, axis=-1), new_state, jnp.concatenate(ty, axis=-1)

    parts = (Part("f", f, n), Part("g", g, n))
    name = f"reversible({n})"
    return Layer(
        name, init, forward, jvp, vjp, dual_, parts, lambda fg: reversible(fg[0], fg[1], n)
    )


def _halves(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    a, b = jnp.split(x, 2, axis=-1)
    return a, b
