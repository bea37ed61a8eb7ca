"""What `repeat` scans over: the same layer n times, with stacked parameters, state and contexts.

These are the rules of a Layer but for `ctx`, which holds one context for each application, so
that chains nest: a chain of segments that are chains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fbp.backend import LOOP, Choice
from fbp.compose.in_place import pull_rows
from fbp.compose.rows import scan_rows
from fbp.layer import Layer, PyTree, dual, pull, push


class Chain(NamedTuple):
    """forward, jvp, vjp and dual as in fbp.layer, with stacked contexts."""

    forward: Callable[..., tuple[PyTree, PyTree, PyTree]]
    jvp: Callable[..., PyTree]
    vjp: Callable[..., tuple[PyTree, PyTree]]
    dual: Callable[..., tuple[PyTree, PyTree, PyTree]]


def chain(layer: Layer, n: int, loop: Choice = LOOP) -> Chain:
    """Keeps all residuals of each application, stacked."""

    def scan(f, init, rows):
        return scan_rows(f, init, rows, n, loop)

    def forward(params, state, x, ctxs):
        def one(x, rows):
            p, s, ctx = rows
            y, s, r = layer.forward(p, s, x, ctx)
            return y, (s, r)

        y, (state, res) = scan(one, x, (params, state, ctxs))
        return y, state, res

    def jvp(params, res, tparams, tx):
        def one(tx, rows):
            p, r, tp = rows
            return push(layer, p, r, tp, tx), None

        return scan(one, tx, (params, res, tparams))[0]

    def vjp(params, res, dy):
        def one(dy, p, r):
            dp, dx = pull(layer, p, r, dy)
            return dx, dp

        dx, dparams = pull_rows(one, dy, params, res, n, loop)
        return dparams, dx

    def dual_(params, state, x, ctxs, tparams, tx):
        def one(carry, rows):
            p, s, ctx, tp = rows
            y, s, ty = dual(layer, p, s, carry[0], ctx, tp, carry[1])
            return (y, ty), s

        (y, ty), state = scan(one, (x, tx), (params, state, ctxs, tparams))
        return y, state, ty

    return Chain(forward, jvp, vjp, dual_)
