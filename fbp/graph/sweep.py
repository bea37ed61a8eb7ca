"""The two ways through a graph: the same sum of products over its edges, in opposite order."""

from __future__ import annotations

import numpy as np

from fbp.graph.trace import Graph, GraphError


def gradients(graph: Graph) -> dict[str, np.ndarray]:
    """d output / d node for every node, in one sweep from the output back.

    dv = sum over the operations w that use v of dw * dw/dv. Each has its node's shape.
    Source: Linnainmaa 1970; Griewank & Walther 2008, section 3.2.
    """
    back = [np.zeros(node.value.shape) for node in graph.nodes]
    back[graph.output] = np.ones(())
    for node, dnode in zip(reversed(graph.nodes), reversed(back), strict=True):
        for i, partial in zip(node.operands, node.partials, strict=True):
            back[i] = back[i] + np.tensordot(dnode, partial, axes=node.value.ndim)
    return _by_name(graph, back)


def tangents(graph: Graph, wrt: str, direction: float | np.ndarray = 1.0) -> dict[str, np.ndarray]:
    """d node / d input `wrt`, along `direction`, for every node, in one sweep from the input on.

    tw = sum over the operands v of w of dw/dv * tv. Each has its node's shape; `direction`
    broadcasts to the input's. Source: Wengert 1964.
    Raises GraphError if there is no such input, or the direction does not fit it.
    """
    inputs = {node.name: i for i, node in enumerate(graph.nodes) if not node.operands}
    if wrt not in inputs:
        raise GraphError(f"there is no input {wrt!r}; there are {', '.join(inputs)}")
    shape = graph.nodes[inputs[wrt]].value.shape
    if np.shape(direction) not in ((), shape):
        raise GraphError(
            f"direction {list(np.shape(direction))} does not fit input {wrt} {list(shape)}"
        )
    ahead = [np.zeros(node.value.shape) for node in graph.nodes]
    ahead[inputs[wrt]] = np.full(shape, direction, dtype=float)
    for k, node in enumerate(graph.nodes):
        for i, partial in zip(node.operands, node.partials, strict=True):
            ahead[k] = ahead[k] + np.tensordot(partial, ahead[i], axes=ahead[i].ndim)
    return _by_name(graph, ahead)


def _by_name(graph: Graph, values: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {node.name: value for node, value in zip(graph.nodes, values, strict=True)}
