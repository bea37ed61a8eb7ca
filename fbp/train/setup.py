"""A configured run before its first step: data, model, step, and how long it goes."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from fbp.build import build_objective, build_optimizer, build_schedule, build_step
from fbp.config.schema import Config
from fbp.data import Dataset, load
from fbp.data.dataset import fits_in_memory
from fbp.data.order import steps_per_epoch
from fbp.errors import FbpError
from fbp.layer import Layer
from fbp.losses import Loss
from fbp.objective import Batch, Objective
from fbp.train.dispatch import steps_per_dispatch, work
from fbp.train.state import TrainState, init_train_state
from fbp.train.step import Step


class Setup(NamedTuple):
    """learning_rate: by update, of which each takes `accumulate` steps. dispatch_steps: k."""

    config: Config
    dataset: Dataset
    net: Layer
    loss: Loss
    objective: Objective
    step: Step
    learning_rate: optax.Schedule
    initial: TrainState
    steps_per_epoch: int
    steps: int
    dispatch_steps: int
    in_memory: bool


def set_up(config: Config) -> Setup:
    """Everything a run needs; the only place where training meets the configuration.

    Raises what data, model and options raise, before anything is written.
    """
    dataset, options = load(config.data), config.train
    if options.patience is not None and dataset.validation is None:
        raise FbpError(
            "train.patience watches the validation split, but the data has none: "
            "give data.validation or data.validation_fraction, or leave train.patience out"
        )
    n = len(dataset.train.targets)
    per_epoch = steps_per_epoch(n // dataset.train_stride, options.batch_size)
    steps = options.epochs * per_epoch
    net, loss, objective = build_objective(config, len(dataset.classes))
    schedule = build_schedule(config, steps)
    optimizer = build_optimizer(config, schedule, n)
    step = build_step(config, objective, optimizer)
    batch = batch_spec(config, dataset)
    initial = init_train_state(
        objective,
        optimizer,
        jax.random.key(config.seed),
        batch.inputs,
        average=options.average_decay is not None,
    )
    k = options.steps_per_dispatch
    if k is None:
        k = steps_per_dispatch(work(step, initial, batch), per_epoch)
    in_memory = options.in_memory
    return Setup(
        config=config,
        dataset=dataset,
        net=net,
        loss=loss,
        objective=objective,
        step=step,
        learning_rate=schedule,
        initial=initial,
        steps_per_epoch=per_epoch,
        steps=steps,
        dispatch_steps=k,
        in_memory=fits_in_memory(dataset.train) if in_memory is None else in_memory,
    )


def batch_spec(config: Config, dataset: Dataset) -> Batch:
    """Shapes and dtypes of a training batch; floating inputs have the parameters' dtype."""
    inputs, targets = dataset.train
    b = config.train.batch_size
    floating = jnp.issubdtype(inputs.dtype, jnp.floating)
    dtype = config.train.param_dtype if floating else inputs.dtype
    return Batch(
        jax.ShapeDtypeStruct((b, *inputs.shape[1:]), dtype),
        jax.ShapeDtypeStruct((b, *targets.shape[1:]), targets.dtype),
    )
