"""A chain that keeps its last output: memory that does not grow with depth."""

from __future__ import annotations

from typing import NamedTuple

from jax import lax

from fbp.compose.chain import Chain, chain
from fbp.compose.in_place import pull_rows
from fbp.layer import Layer, PyTree, pull


class UndoneResiduals(NamedTuple):
    """y: the last output. state, ctxs: of each application, before the pass."""

    y: PyTree
    state: PyTree
    ctxs: PyTree


def undone(layer: Layer, n: int) -> Chain:
    """n applications of a layer that has undo: by it each one's input, and what it keeps, follow
    from its output, to rounding. Source: Gomez et al. 2017, algorithm 1."""
    assert layer.undo is not None
    undo = layer.undo
    plain = chain(layer, n)

    def forward(params, state, x, ctxs):
        def one(x, rows):
            y, s, _ = layer.forward(rows[0], rows[1], x, rows[2])
            return y, s

        y, new_state = lax.scan(one, x, (params, state, ctxs), n)
        return y, new_state, UndoneResiduals(y, state, ctxs)

    def jvp(params, res, tparams, tx):
        def back(y, rows):
            return undo(rows[0], rows[1], y, rows[2])[0], None

        rows = (params, res.state, res.ctxs)
        x, _ = lax.scan(back, res.y, rows, n, reverse=True)
        return plain.dual(params, res.state, x, res.ctxs, tparams, tx)[2]

    def vjp(params, res, dy):
        def back(carry, p, r):
            y, dy = carry
            x, block_res = undo(p, r[0], y, r[1])
            dp, dx = pull(layer, p, block_res, dy)
            return (x, dx), dp

        (_, dx), dparams = pull_rows(back, (res.y, dy), params, (res.state, res.ctxs), n)
        return dparams, dx

    return Chain(forward, jvp, vjp, plain.dual)
