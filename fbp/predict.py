"""What a trained net says of new examples."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from fbp.layer import Context, Layer, PyTree
from fbp.losses import Loss

ROWS = 1000  # examples a batch: small enough for any net's activations


class Prediction(NamedTuple):
    """labels: int (n,). scores: float32 (n, classes), or (n, 1) where the net has one output and
    the loss no probabilities. probabilities: whether the scores are that."""

    labels: np.ndarray
    scores: np.ndarray
    probabilities: bool


def predict(
    net: Layer, loss: Loss, params: PyTree, state: PyTree, inputs: np.ndarray
) -> Prediction:
    """The class of each of `inputs` (n, ...), n >= 1, in evaluation mode, as `loss` reads it."""

    @jax.jit
    def read(x):
        outputs = net.forward(params, state, x, Context(train=False))[0]
        scores = outputs if loss.probabilities is None else loss.probabilities(outputs)
        return loss.classes(outputs), scores.astype("float32")

    batches = [read(inputs[i : i + ROWS]) for i in range(0, len(inputs), ROWS)]
    labels, scores = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return Prediction(labels, scores, loss.probabilities is not None)
