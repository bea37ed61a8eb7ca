"""A chain that keeps the input of every k-th application: memory as the root of the depth."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from fbp.compose.chain import Chain, chain
from fbp.compose.in_place import has_in_place, pull_rows, row, update_rows
from fbp.compose.remat import remat
from fbp.layer import Layer, PyTree, pull


class SegmentResiduals(NamedTuple):
    """x: the input of every segment. state, ctxs: of each of its applications, before the pass."""

    x: PyTree
    state: PyTree
    ctxs: PyTree


def segments(layer: Layer, n: int, k: int) -> Chain:
    """n // k segments of k applications; k divides n. Backward runs a segment forward from its
    input for the inputs in between, and from each of those its application once more for what the
    layer keeps. Source: Chen et al. 2016, section 4."""
    block = remat(layer)
    segment = chain(block, k)
    whole = chain(layer, n)

    def split(tree):
        return jax.tree.map(lambda a: a.reshape(n // k, k, *a.shape[1:]), tree)

    def join(tree):
        return jax.tree.map(lambda a: a.reshape(n, *a.shape[2:]), tree)

    def forward(params, state, x, ctxs):
        def one(x, rows):
            y, s, _ = segment.forward(rows[0], rows[1], x, rows[2])
            return y, (s, x)

        params, *rest = split((params, state, ctxs))
        y, (new_state, xs) = lax.scan(one, x, (params, *rest))
        return y, join(new_state), SegmentResiduals(xs, *rest)

    def jvp(params, res, tparams, tx):
        state, ctxs = join((res.state, res.ctxs))
        return whole.dual(params, state, row(res.x, 0), ctxs, tparams, tx)[2]

    def vjp(params, res, dy):
        if has_in_place(params):
            return update(params, res, dy)

        def one(dy, p, r):
            again = segment.forward(p, r.state, r.x, r.ctxs)[2]
            dp, dx = segment.vjp(p, again, dy)
            return dx, dp

        dx, dparams = pull_rows(one, dy, split(params), res, n // k)
        return join(dparams), dx

    def update(params, res, dy):
        """vjp on whole stacks: a segment's rows of parameters taken out would be a copy."""

        def one(carry, inputs):
            (dy, params), (rows, r) = carry, inputs

            def forward_again(x, inputs):
                i, s, ctx = inputs
                y, _, block_res = block.forward(row(params, i), s, x, ctx)
                return y, block_res

            _, again = lax.scan(forward_again, r.x, (rows, r.state, r.ctxs))
            return update_rows(pull_block, dy, params, again, rows), None

        rows = jnp.arange(n).reshape(n // k, k)
        (dx, params), _ = lax.scan(one, (dy, params), (rows, res), reverse=True)
        return params, dx

    def pull_block(dy, p, r):
        dp, dx = pull(block, p, r, dy)
        return dx, dp

    return Chain(forward, jvp, vjp, whole.dual)
