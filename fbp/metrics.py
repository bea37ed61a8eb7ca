"""What is measured beside the loss: metric(outputs, targets, weights) -> a scalar mean."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from fbp.losses.loss import Loss, normalised, weights_like

Metric = Callable[..., jax.Array]


def accuracy(loss: Loss) -> Metric:
    """The weighted share of examples whose class, as `loss` reads the outputs, is the target's.

    Targets: labels, or one-hot rows.
    """

    def metric(outputs, targets, weights=None):
        labels = jnp.argmax(targets, axis=-1) if targets.ndim == outputs.ndim else targets
        hits = (loss.classes(outputs) == labels).astype(jnp.float32)
        return jnp.sum(normalised(weights_like(hits, weights), "mean") * hits)

    return metric
