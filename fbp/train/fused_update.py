"""A training step whose backward pass updates the parameters, layer by layer.

A layer's gradient is used up where it is made, so that the whole gradient, an array for every
parameter array, never exists. The arithmetic is the optimizer's own, one array at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import optax
from jax import lax

from fbp.compose.in_place import InPlace, is_in_place, values
from fbp.compose.parts import spec
from fbp.gradients import GradientError
from fbp.layer import Context, Layer, PyTree, edit, pull
from fbp.objective import Objective
from fbp.train.optimizer import leaf_name
from fbp.train.slots import SplitState
from fbp.train.state import TrainState
from fbp.train.step import Step, StepResult, all_finite, where

Update = Callable[[InPlace, jax.Array], InPlace]  # a parameter array and its gradient to the next


def make_fused_step(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    *,
    average_decay: float | None = None,
) -> Step:
    """As make_step(backprop(objective), optimizer), on the same TrainState.

    The optimizer must treat each entry of a parameter by itself: what needs the whole gradient, as
    a global norm does, or several of them, cannot be had. Arrays that belong to a combinator or to
    a fused head, such as a tied table, are updated at the end, from their whole gradient.
    A loss that is not finite changes nothing. A gradient that is not changes nothing of its array,
    but by then the layers nearer to the loss have made the step. alive=None is as True: it looks.
    Raises GradientError for an objective without a net, and for one of mixed precision, whose
    layers do not see the parameters themselves.
    """
    net, rebuild = objective.net, objective.rebuild
    if net is None or rebuild is None:
        raise GradientError(f"{objective.name} has no net to update layer by layer: use make_step")
    if _casts(net):
        raise GradientError("in_dtype hides the parameters from a fused update: use make_step")

    def step(
        train_state: TrainState, batch: PyTree, alive: jax.Array | bool | None = True
    ) -> tuple[TrainState, StepResult]:
        alive = True if alive is None else alive
        params, state, opt_state, count, key, average = train_state
        ctx = Context(key=jax.random.fold_in(key, count), train=True)
        loss, (new_state, metrics), res = objective.forward(params, state, batch, ctx)
        split = SplitState(optimizer, opt_state, params)
        update = partial(_updated, split, alive & jnp.isfinite(loss))
        fused = rebuild(edit(net, lambda path, layer: _updating(layer, update)))
        shapes = jax.eval_shape(lambda: fused.init(jax.random.key(0), spec(batch.inputs))[0])
        old, marked = _marked(params, split.slots, shapes)
        pulled = fused.vjp(marked, res, jnp.ones_like(loss))
        nodes = jax.tree.leaves(pulled, is_leaf=is_in_place)
        new = [n if is_in_place(n) else update(o, n) for o, n in zip(old, nodes, strict=True)]
        finite = jnp.isfinite(loss) & jnp.all(jnp.stack([jnp.all(n.finite) for n in new]))
        happens = alive & finite
        params = jax.tree.unflatten(jax.tree.structure(params), [n.value for n in new])
        opt_state = split.join([n.slots for n in new], happens)
        if average_decay is not None:
            moved = optax.incremental_update(params, average, 1 - average_decay)
            average = where(happens, moved, average)
        state = where(happens, new_state, state)
        after = TrainState(params, state, opt_state, count + happens, key, average)
        return after, StepResult(loss, metrics, finite)

    return step


def _casts(layer: Layer) -> bool:
    return layer.name.startswith("in_dtype(") or any(_casts(part.layer) for part in layer.parts)


def _updated(split: SplitState, alive: jax.Array, old: InPlace, grad: jax.Array) -> InPlace:
    finite = all_finite(grad)
    new = split.update(old.name, old.value, old.slots, grad)
    value, slots = where(alive & finite, new, (old.value, old.slots))
    return InPlace(value, slots, finite, old.name)


def _updating(layer: Layer, update: Update) -> Layer:
    """The layer on InPlace parameters, which its vjp returns updated."""

    def init(key, x):
        params, state = layer.init(key, x)
        return jax.tree.map(lambda a: InPlace(a, (), jnp.ones((), bool), ""), params), state

    def forward(params, state, x, ctx):
        return layer.forward(values(params), state, x, ctx)

    def vjp(params, res, dy):
        dparams, dx = pull(layer, values(params), res, dy)
        new = jax.tree.map(update, params, dparams, is_leaf=is_in_place)
        # dx waits: else all gradients might be made first, and be there at once.
        return lax.optimization_barrier((new, dx))

    return Layer(layer.name, init, forward, None, vjp)


def _marked(params: PyTree, slots: list, shapes: PyTree) -> tuple[list[InPlace], PyTree]:
    """Every array of params as InPlace, in order; and params, with those in the places where
    `shapes` has one. There it also tells how many rows the array has."""
    places, tree = jax.tree.flatten(shapes, is_leaf=is_in_place)
    every, marked = [], []
    named = jax.tree_util.tree_leaves_with_path(params)
    for (path, array), own, place in zip(named, slots, places, strict=True):
        rows = place.finite.shape if is_in_place(place) else ()
        node = InPlace(array, own, jnp.ones(rows, bool), leaf_name(path))
        every.append(node)
        marked.append(node if is_in_place(place) else array)
    return every, jax.tree.unflatten(tree, marked)
