"""Looking into a net while it runs: what every leaf layer puts out, and what is pulled back to it.

`observe` changes no arithmetic. A wrapped leaf hands its forward signal out as state, and its
backward signal as the gradient of an extra slot next to its parameters, so both travel through
every combinator, `repeat`'s scans and jit included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Context, Layer, PyTree, edit, leaves, pull
from fbp.losses import Loss
from fbp.objective import Batch

Path = tuple[str, ...]


class Signal(NamedTuple):
    """rms: of a value's entries. finite: whether all are. Under `repeat`, one a repetition."""

    rms: jax.Array
    finite: jax.Array


@partial(jax.tree_util.register_dataclass, data_fields=["value", "signal"], meta_fields=["path"])
@dataclass(frozen=True)
class Observed:
    """A leaf layer's parameters, gradient or state with a Signal beside it."""

    value: PyTree
    signal: Signal
    path: Path


class Observation(NamedTuple):
    """One forward and one backward pass, seen from outside; dicts by the leaf layers' paths.

    activation: of y. cotangent: rms of dy, but finite of what vjp made of it, dparams and dx.
    gradient, parameter: norms, where there are parameters. loss: its value. dloss: the cotangent
    of the net's outputs. inputs: of the batch. Without a vjp in every leaf, cotangent, gradient
    and dloss are empty or None.
    """

    inputs: Signal
    activation: dict[Path, Signal]
    loss: jax.Array
    dloss: Signal | None
    cotangent: dict[Path, Signal]
    gradient: dict[Path, jax.Array]
    parameter: dict[Path, jax.Array]


def observe(net: Layer) -> Layer:
    """The same net; its parameters hold an Observed for every leaf, and so does its new state."""
    return edit(net, _observed)


def _observed(path: Path, layer: Layer) -> Layer:
    def init(key, x):
        params, state = layer.init(key, x)
        return Observed(params, Signal(jnp.zeros(()), jnp.ones((), bool)), path), state

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params.value, state, x, ctx)
        return y, Observed(state, signal(y), path), res

    def vjp(params, res, dy):
        dparams, dx = pull(layer, params.value, res, dy)
        seen = Signal(signal(dy).rms, signal((dparams, dx)).finite)
        return Observed(dparams, seen, path), dx

    return Layer(layer.name, init, forward, None, vjp)


def observable_params(observed: Layer, params: PyTree, inputs: PyTree) -> PyTree:
    """The net's params with the slots that `observed` needs. inputs: ShapeDtypeStructs."""
    shapes = jax.eval_shape(lambda key: observed.init(key, inputs)[0], jax.random.key(0))
    nodes, tree = jax.tree.flatten(shapes, is_leaf=_is_observed)
    plain = iter(jax.tree.leaves(params))

    def fill(node):
        if not _is_observed(node):
            return next(plain)
        value = jax.tree.map(lambda _: next(plain), node.value)
        slot = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), node.signal)
        return Observed(value, slot, node.path)

    return jax.tree.unflatten(tree, [fill(node) for node in nodes])


def look(
    net: Layer, loss: Loss, params: PyTree, state: PyTree, batch: Batch, ctx: Context
) -> Observation:
    """A forward and a backward pass by the hand-written rules, observed. Pure; jit it."""
    inputs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), batch.inputs)
    watched = observe(net)
    slotted = observable_params(watched, params, inputs)
    y, new_state, res = watched.forward(slotted, state, batch.inputs, ctx)
    value, loss_res = loss.forward(y, batch.targets, batch.weights)
    seen = Observation(
        inputs=signal(batch.inputs),
        activation={p: node.signal for p, node in _by_path(new_state).items()},
        loss=value,
        dloss=None,
        cotangent={},
        gradient={},
        parameter=_norms(slotted),
    )
    if any(leaf.vjp is None for _, leaf, _ in leaves(net)):
        return seen
    dy = loss.vjp(loss_res, jnp.ones_like(value))
    dparams, _ = pull(watched, slotted, res, dy)
    cotangent = {p: node.signal for p, node in _by_path(dparams).items()}
    return seen._replace(dloss=signal(dy), cotangent=cotangent, gradient=_norms(dparams))


def signal(tree: PyTree) -> Signal:
    """The Signal of all floating entries of a tree; of none: 0 and finite."""
    arrays = [a for a in jax.tree.leaves(tree) if jnp.issubdtype(a.dtype, jnp.floating)]
    squares = sum((jnp.sum(jnp.square(a.astype(jnp.float32))) for a in arrays), jnp.zeros(()))
    finite = [jnp.all(jnp.isfinite(a)) for a in arrays] or [jnp.ones((), bool)]
    size = sum(a.size for a in arrays)
    return Signal(jnp.sqrt(squares / max(size, 1)), jnp.all(jnp.stack(finite)))


def summary(observation: Observation) -> dict[str, dict[str, float]]:
    """{layer path: {activation, cotangent: rms; gradient, parameter: norm}}, repetitions averaged
    (rms) or taken together (norms). What is not there is left out."""
    rows: dict[str, dict[str, float]] = {"/".join(p): {} for p in observation.activation}
    for name in ("activation", "cotangent", "gradient", "parameter"):
        for path, value in getattr(observation, name).items():
            number = jnp.mean(value.rms) if isinstance(value, Signal) else value
            rows["/".join(path)][name] = float(number)
    return rows


def _is_observed(node) -> bool:
    return isinstance(node, Observed)


def _by_path(tree: PyTree) -> dict[Path, Observed]:
    nodes = jax.tree.leaves(tree, is_leaf=_is_observed)
    return {node.path: node for node in nodes if _is_observed(node)}


def _norms(tree: PyTree) -> dict[Path, jax.Array]:
    def norm(value):
        squares = [jnp.sum(jnp.square(a.astype(jnp.float32))) for a in jax.tree.leaves(value)]
        return jnp.sqrt(jnp.sum(jnp.stack(squares)))

    return {p: norm(n.value) for p, n in _by_path(tree).items() if jax.tree.leaves(n.value)}
