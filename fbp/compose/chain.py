"""What `repeat` scans over: the same layer n times, with stacked parameters, state and contexts.

These are the rules of a Layer but for `ctx`, which holds one context for each application, so
that chains nest: a chain of segments that are chains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jax import lax

from fbp.compose.in_place import pull_rows
from fbp.layer import Layer, PyTree, dual, pull, push


class Chain(NamedTuple):
    """forward, jvp, vjp and dual as in fbp.layer, with stacked contexts."""

    forward: Callable[..., tuple[PyTree, PyTree, PyTree]]
    jvp: Callable[..., PyTree]
    vjp: Callable[..., tuple[PyTree, PyTree]]
    dual: Callable[..., tuple[PyTree, PyTree, PyTree]]


def chain(layer: Layer, n: int) -> Chain:
    """Keeps all residuals of each application, stacked."""

    def forward(params, state, x, ctxs):
        def one(x, rows):
            p, s, ctx = rows
            y, s, r = layer.forward(p, s, x, ctx)
            return y, (s, r)

        y, (state, res) = lax.scan(one, x, (params, state, ctxs), n)
        return y, state, res

    def jvp(params, res, tparams, tx):
        def one(tx, rows):
            p, r, tp = rows
            return push(layer, p, r, tp, tx), None

        return lax.scan(one, tx, (params, res, tparams), n)[0]

    def vjp(params, res, dy):
        def one(dy, p, r):
            dp, dx = pull(layer, p, r, dy)
            return dx, dp

        dx, dparams = pull_rows(one, dy, params, res, n)
        return dparams, dx

    def dual_(params, state, x, ctxs, tparams, tx):
        def one(carry, rows):
            p, s, ctx, tp = rows
            y, s, ty = dual(layer, p, s, carry[0], ctx, tp, carry[1])
            return (y, ty), s

        (y, ty), state = lax.scan(one, (x, tx), (params, state, ctxs, tparams), n)
        return y, state, ty

    return Chain(forward, jvp, vjp, dual_)
