"""What a net is made of and what its three rules cost, layer by layer, without running it."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax

from fbp.compose.parts import spec
from fbp.lab.cost import flops
from fbp.layer import Context, Layer, PyTree, edit, leaves
from fbp.witness import zero_tangent

Path = tuple[str, ...]


class Row(NamedTuple):
    """One leaf layer; `times` > 1 under repeat, and then all counts are those of all repetitions.

    output: the shape of y for a batch. parameters: numbers. residual_bytes: what forward keeps for
    jvp and vjp. forward, jvp, vjp: FLOPs of the rule alone, None where there is no such rule.
    """

    path: Path
    layer: str
    times: int
    output: Any
    parameters: int
    residual_bytes: int
    forward: int
    jvp: int | None
    vjp: int | None


class Summary(NamedTuple):
    """A row per leaf layer in the order of application, and totals.

    Totals are sums over the rows, but for residual_bytes, which is what the whole net keeps: remat
    keeps less than its layers would. A missing rule counts as 0.
    """

    rows: tuple[Row, ...]
    parameters: int
    residual_bytes: int
    forward: int
    jvp: int
    vjp: int


class _Seen(NamedTuple):
    """Shapes and dtypes at one leaf."""

    params: PyTree
    state: PyTree
    x: PyTree
    y: PyTree
    res: PyTree


def summarise(net: Layer, x: PyTree) -> Summary:
    """The net's layers for inputs of the shape and dtype of `x` (ShapeDtypeStructs), in training.

    Raises LayerError where the net does not take x.
    """
    seen: dict[Path, _Seen] = {}
    ctx = jax.eval_shape(lambda: Context(key=jax.random.key(0), train=True))
    recording = edit(net, lambda path, layer: _recording(path, layer, seen))
    params, state = jax.eval_shape(lambda key: net.init(key, x), ctx.key)
    res = jax.eval_shape(recording.forward, params, state, x, ctx)[2]
    costs: dict[tuple, _Costs] = {}
    rows = []
    for path, layer, times in leaves(net):
        at = seen[path]
        same = (layer.name, jax.tree.structure(at), *jax.tree.leaves(at))
        if same not in costs:
            costs[same] = _costs(layer, at, ctx)
        row = Row(
            path=path,
            layer=layer.name,
            times=times,
            output=jax.tree.map(lambda a: a.shape, at.y),
            parameters=times * sum(a.size for a in jax.tree.leaves(at.params)),
            residual_bytes=times * _bytes(at.res),
            forward=times * costs[same].forward,
            jvp=_times(times, costs[same].jvp),
            vjp=_times(times, costs[same].vjp),
        )
        rows.append(row)
    return Summary(
        rows=tuple(rows),
        parameters=sum(a.size for a in jax.tree.leaves(params)),  # combinators may have some, too
        residual_bytes=_bytes(res),
        forward=sum(row.forward for row in rows),
        jvp=sum(row.jvp or 0 for row in rows),
        vjp=sum(row.vjp or 0 for row in rows),
    )


def _recording(path: Path, layer: Layer, seen: dict[Path, _Seen]) -> Layer:
    """`layer`, which notes in `seen` what it is traced at."""

    def forward(params, state, x, ctx):
        y, new_state, res = layer.forward(params, state, x, ctx)
        seen[path] = _Seen(*map(spec, (params, state, x, y, res)))
        return y, new_state, res

    return layer._replace(forward=forward)


class _Costs(NamedTuple):
    """FLOPs of the three rules; None for a rule that is missing."""

    forward: int
    jvp: int | None
    vjp: int | None


def _costs(layer: Layer, at: _Seen, ctx: Context) -> _Costs:
    tx = jax.eval_shape(zero_tangent, at.x)
    return _Costs(
        flops(layer.forward, at.params, at.state, at.x, ctx),
        None if layer.jvp is None else flops(layer.jvp, at.params, at.res, at.params, tx),
        None if layer.vjp is None else flops(layer.vjp, at.params, at.res, at.y),
    )


def _times(times: int, cost: int | None) -> int | None:
    return None if cost is None else times * cost


def _bytes(tree: PyTree) -> int:
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(tree))
