"""A whole training run as one pure function, so that vmap trains many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from fbp.build import build_gradient, build_objective, build_optimizer, build_schedule
from fbp.config.schema import Config
from fbp.data.order import steps_per_epoch
from fbp.gradients import GradFn
from fbp.layer import Context
from fbp.objective import Batch, Objective
from fbp.train.state import TrainState, init_train_state
from fbp.train.step import make_step, scan_steps

Curves = dict[str, dict[str, jax.Array]]  # by split, then "loss" or a metric: (epochs,)


def make_run(
    objective: Objective,
    grad_fn: GradFn,
    optimizer: optax.GradientTransformation,
    *,
    epochs: int,
    batch_size: int,
    shuffle: bool = True,
) -> Callable[[jax.Array, Batch, Mapping[str, Batch]], tuple[TrainState, Curves]]:
    """run(key, train, held_out) -> the state after the last epoch, and curves over the epochs.

    `train` is measured batch by batch before each update, and averaged; every split in `held_out`
    as a whole after each epoch. The key decides the parameters at the start, the order of the
    examples (without shuffle, the given one) and what layers draw. The ragged last batch of an
    epoch is dropped. All of it is one program without side effects: jax.jit(jax.vmap(run,
    in_axes=(0, None, None))) trains one net for each of several keys on the same data, and
    in_axes=(0, 0, 0) on data of their own. A run whose loss or gradient is not finite stays as it
    was before that step until its epoch ends.
    Raises DataError, when it is traced, if a batch is larger than the data.
    """
    step = make_step(grad_fn, optimizer)

    def run(key: jax.Array, train: Batch, held_out: Mapping[str, Batch]):
        n = train.targets.shape[0]
        steps = steps_per_epoch(n, batch_size)
        state_key, order_key = jax.random.split(key)
        inputs = jax.tree.map(
            lambda a: jax.ShapeDtypeStruct((batch_size, *a.shape[1:]), a.dtype), train.inputs
        )

        def step_on(train_state: TrainState, rows: jax.Array, alive: jax.Array):
            return step(train_state, jax.tree.map(lambda a: a[rows], train), alive)

        def epoch(train_state: TrainState, i: jax.Array):
            order = jnp.arange(n)
            if shuffle:
                order = jax.random.permutation(jax.random.fold_in(order_key, i), order)
            rows = order[: steps * batch_size].reshape(steps, batch_size)
            train_state, result = scan_steps(step_on, steps)(train_state, rows)
            seen = {"loss": result.loss, **result.metrics}
            curves = {"train": jax.tree.map(jnp.mean, seen)}
            for name, batch in held_out.items():
                curves[name] = evaluate(objective, train_state, batch)
            return train_state, curves

        train_state = init_train_state(objective, optimizer, state_key, inputs)
        return jax.lax.scan(epoch, train_state, jnp.arange(epochs))

    return run


def make_configured_run(config: Config, classes: int, examples: int):
    """make_run of a configuration, for so many classes and training examples."""
    options = config.train
    _, _, objective = build_objective(config, classes)
    steps = options.epochs * steps_per_epoch(examples, options.batch_size)
    return make_run(
        objective,
        build_gradient(config, objective),
        build_optimizer(config, build_schedule(config, steps), examples),
        epochs=options.epochs,
        batch_size=options.batch_size,
        shuffle=options.shuffle,
    )


def evaluate(objective: Objective, train_state: TrainState, batch: Batch) -> dict[str, Any]:
    """The loss and the metrics of one batch, in evaluation mode."""
    params, state = train_state.params, train_state.state
    loss, (_, metrics), _ = objective.forward(params, state, batch, Context(train=False))
    return {"loss": loss, **metrics}
