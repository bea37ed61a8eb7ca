"""Steps over a training split, k in one dispatch, from data on the device or from a stream."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose.precision import cast
from fbp.data import Split
from fbp.data.order import batch_indices
from fbp.data.stream import stream_batches
from fbp.objective import Batch
from fbp.train.setup import Setup
from fbp.train.state import TrainState
from fbp.train.step import StepResult, scan_ahead

Dispatch = Callable[[TrainState, int, int], tuple[TrainState, StepResult]]


def make_dispatch(setup: Setup, first_step: int) -> Dispatch:
    """dispatch(train_state, step, k): steps step..step+k-1, the first at first_step, in order.

    Results are (k,) and still on the device; the state given is donated, and gone.
    """
    return _in_memory(setup) if setup.in_memory else _streamed(setup, first_step)


def batch_at(setup: Setup, step: int) -> Batch:
    """The batch of one step, as any dispatch would see it."""
    return cast(_take(setup.dataset.train, _indices(setup, step, 1)[0]), _dtype(setup))


def _in_memory(setup: Setup) -> Dispatch:
    """The whole split is on the device, an argument of the program; a step gathers its batch."""
    split = setup.dataset.train
    data = cast(jax.tree.map(lambda a: jnp.asarray(np.asarray(a)), Batch(*split)), _dtype(setup))

    @partial(jax.jit, donate_argnums=0)
    def run(train_state, data, indices):
        def gathered(train_state, rows, alive):
            return setup.step(train_state, Batch(data.inputs[rows], data.targets[rows]), alive)

        return scan_ahead(gathered, len(indices))(train_state, indices)

    return lambda train_state, step, k: run(train_state, data, _indices(setup, step, k))


def _streamed(setup: Setup, first_step: int) -> Dispatch:
    """Batches are read ahead from the file, and stacked k at a time."""
    options = setup.config.train
    batches = stream_batches(
        setup.dataset.train,
        setup.config.seed,
        options.batch_size,
        options.shuffle,
        first_step,
        setup.dataset.train_stride,
    )

    @partial(jax.jit, donate_argnums=0)
    def run(train_state, batches):
        batches = cast(batches, _dtype(setup))
        return scan_ahead(setup.step, len(batches.targets))(train_state, batches)

    def dispatch(train_state, step, k):
        return run(train_state, jax.tree.map(lambda *a: np.stack(a), *_next(batches, k)))

    return dispatch


def _next(batches, k: int) -> list[Batch]:
    return [next(batches) for _ in range(k)]


def _take(split: Split, rows: np.ndarray) -> Batch:
    return Batch(split.inputs[rows], split.targets[rows])


def _indices(setup: Setup, step: int, k: int) -> np.ndarray:
    options, dataset = setup.config.train, setup.dataset
    return batch_indices(
        setup.config.seed,
        step,
        k,
        len(dataset.train.targets),
        options.batch_size,
        options.shuffle,
        dataset.train_stride,
    )


def _dtype(setup: Setup) -> str:
    return setup.config.train.param_dtype
