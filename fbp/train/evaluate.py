"""Loss and metrics of a whole split, every example once."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose.precision import cast
from fbp.data import Split
from fbp.data.stream import eval_batches
from fbp.layer import Context
from fbp.objective import Objective
from fbp.train.state import TrainState

EXAMPLES = 256  # a batch, or the training batch if that is larger

Evaluate = Callable[[TrainState], dict[str, float]]


def make_evaluate(
    objective: Objective, split: Split, *, batch_size: int, dtype: str, in_memory: bool
) -> Evaluate:
    """evaluate(train_state) -> {"loss", and every metric}: means over the split's examples.

    In evaluation mode, with the averaged parameters where there are any. The last batch is filled
    up with examples of weight 0. in_memory: the split stays on the device between calls.
    """

    @jax.jit
    def sums(params, state, batch):
        count = jnp.sum(batch.weights)
        # Per-example weights, in the shape of the example's losses: one a target.
        per_target = batch.weights.reshape(-1, *[1] * (batch.targets.ndim - 1))
        batch = cast(batch._replace(weights=per_target), dtype)
        loss, (_, metrics), _ = objective.forward(params, state, batch, Context(None, train=False))
        return {name: count * value for name, value in {"loss": loss, **metrics}.items()}

    size = max(EXAMPLES, batch_size)
    held = [jax.device_put(b) for b in eval_batches(split, size)] if in_memory else None

    def evaluate(train_state: TrainState) -> dict[str, float]:
        average = train_state.average
        params = train_state.params if average is None else average
        batches = eval_batches(split, size) if held is None else held
        found = jax.device_get([sums(params, train_state.state, batch) for batch in batches])
        n = len(split.targets)
        names = sorted(found[0], key=lambda name: name != "loss")  # the loss first
        return {name: float(np.sum([f[name] for f in found], dtype=float)) / n for name in names}

    return evaluate
