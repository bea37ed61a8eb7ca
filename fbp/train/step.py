"""One training step, and many in one dispatch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from fbp.gradients import GradFn
from fbp.layer import Context, PyTree
from fbp.train.state import TrainState


class StepResult(NamedTuple):
    """loss and metrics of the step's batch, before the update. finite: loss and gradient are; None
    if nobody looked."""

    loss: jax.Array
    metrics: PyTree
    finite: jax.Array | None


Step = Callable[..., tuple[TrainState, StepResult]]  # step(train_state, batch, alive=True)
AHEAD_ENTRIES = 2**18  # of the parameters: with more, a second copy costs more than a check a step


def make_step(
    grad_fn: GradFn, optimizer: optax.GradientTransformation, *, average_decay: float | None = None
) -> Step:
    """A pure step(train_state, batch, alive=True) -> (train_state, result).

    A step that is not finite does not happen, and none where `alive` is false: the state stays as
    it is, so that it can be saved and the step looked into. With alive=None every step happens,
    and the caller looks at loss and state afterwards.
    Layers and estimators draw from fold_in(key, step). average_decay: the parameters' exponential
    moving average over the optimizer's updates is kept too, in TrainState.average.
    """

    def step(
        train_state: TrainState, batch: PyTree, alive: jax.Array | bool | None = True
    ) -> tuple[TrainState, StepResult]:
        ctx = Context(key=jax.random.fold_in(train_state.key, train_state.step), train=True)
        loss, grads, state, metrics = grad_fn(train_state.params, train_state.state, batch, ctx)

        def move(train_state: TrainState) -> TrainState:
            params, _, opt_state, count, key, average = train_state
            updates, opt_state = optimizer.update(grads, opt_state, params)
            params = optax.apply_updates(params, updates)
            if average_decay is not None:
                moved = optax.incremental_update(params, average, 1 - average_decay)
                average = where(_updated(opt_state), moved, average)
            return TrainState(params, state, opt_state, count + 1, key, average)

        if alive is None:
            return move(train_state), StepResult(loss, metrics, None)
        finite = jnp.isfinite(loss) & all_finite(grads)
        # A branch, not a choice entry by entry: for that, the old state would have to outlive the
        # new one's making, which took a fifth of a step's time.
        new = jax.lax.cond(alive & finite, move, lambda train_state: train_state, train_state)
        return new, StepResult(loss, metrics, finite)

    return step


def scan_steps(step: Step, k: int) -> Step:
    """k steps in one dispatch: the batch has a new first axis of length k, and so has the result.

    After a step that is not finite none happens.
    """

    def many(train_state: TrainState, batches: PyTree) -> tuple[TrainState, StepResult]:
        def one(carry, batch):
            train_state, alive = carry
            train_state, result = step(train_state, batch, alive)
            return (train_state, alive & result.finite), result

        carry = (train_state, jnp.ones((), bool))
        (train_state, _), results = jax.lax.scan(one, carry, batches, length=k)
        return train_state, results

    return many


def scan_ahead(step: Step, k: int) -> Step:
    """As scan_steps, but it first takes all k steps, and looks once, at the end, whether losses,
    parameters and the optimizer's state are finite: what is not in a gradient stays in them, with
    every optimizer here. Where something is not, it goes back and takes the steps with care.

    A net of 24,000 parameters takes 0.9 of the time, and two programs are compiled. The state at
    the start is needed to the end: nets of over AHEAD_ENTRIES parameters have scan_steps. Not for
    vmap, which does both.
    """

    def many(train_state: TrainState, batches: PyTree) -> tuple[TrainState, StepResult]:
        careful = scan_steps(step, k)
        if k == 1 or sum(p.size for p in jax.tree.leaves(train_state.params)) > AHEAD_ENTRIES:
            return careful(train_state, batches)
        moved, results = jax.lax.scan(lambda s, b: step(s, b, None), train_state, batches, length=k)
        finite = jnp.isfinite(results.loss) if results.finite is None else results.finite
        results = results._replace(finite=finite)
        fine = jnp.all(finite) & all_finite((moved.params, moved.opt_state))
        return jax.lax.cond(fine, lambda *_: (moved, results), careful, train_state, batches)

    return many


def _updated(opt_state: optax.OptState) -> jax.Array:
    """Whether the step's gradient was used at once, not only accumulated."""
    accumulates = isinstance(opt_state, optax.MultiStepsState)
    return opt_state.mini_step == 0 if accumulates else jnp.ones((), bool)


def where(condition: jax.Array, new: PyTree, old: PyTree) -> PyTree:
    """The one tree or the other."""
    return jax.tree.map(lambda n, o: jnp.where(condition, n, o), new, old)


def all_finite(tree: PyTree) -> jax.Array:
    """Whether every entry of every leaf is finite."""
    finite = [jnp.all(jnp.isfinite(_row_sums(leaf))) for leaf in jax.tree.leaves(tree)]
    return jnp.all(jnp.stack(finite)) if finite else jnp.ones((), bool)


def _row_sums(leaf: jax.Array) -> jax.Array:
    """Of finite rows finite, so small is what entries are multiplied by; of others not.

    As a product it takes a third of the time that a test of every entry does.
    """
    if leaf.ndim < 2:
        return leaf
    return leaf @ jnp.full(leaf.shape[-1:], 1e-30, leaf.dtype)
