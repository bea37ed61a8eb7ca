"""What a net is made of, layer by layer."""

from __future__ import annotations

import math

import jax

from fbp.layer import Context, Layer, PyTree, edit, leaves
from fbp.report.data import LayerRow


def layer_rows(net: Layer, params: PyTree, state: PyTree, inputs: PyTree) -> list[LayerRow]:
    """One row a leaf layer, in the order of application; nothing is computed.

    inputs: a batch, or its ShapeDtypeStruct; its first axis is left out of the outputs' shapes.
    """
    seen: dict[tuple[str, ...], tuple[str, int]] = {}

    def watched(path, leaf):
        def forward(params, state, x, ctx):
            y, state, res = leaf.forward(params, state, x, ctx)
            shape = " × ".join(map(str, y.shape[1:])) or "scalar"
            seen[path] = shape, sum(math.prod(a.shape) for a in jax.tree.leaves(params))
            return y, state, res

        return leaf._replace(forward=forward)

    forward = edit(net, watched).forward
    jax.eval_shape(lambda p, s, x: forward(p, s, x, Context(train=False)), params, state, inputs)
    return [
        LayerRow(
            path="/".join(path),
            name=leaf.name,
            output=seen[path][0],
            parameters=times * seen[path][1],
            times=times,
        )
        for path, leaf, times in leaves(net)
    ]
