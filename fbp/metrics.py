"""What is measured beside the loss: metric(outputs, targets, weights) -> a scalar mean."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from fbp.losses.loss import Loss

Metric = Callable[..., jax.Array]


def accuracy(loss: Loss) -> Metric:
    """The weighted share of examples whose class, as `loss` reads the outputs, is the target's.

    Targets: labels, or one-hot rows.
    """

    def metric(outputs, targets, weights=None):
        labels = jnp.argmax(targets, axis=-1) if targets.ndim == outputs.ndim else targets
        hits = (loss.classes(outputs) == labels).astype(jnp.float32)
        if weights is None:
            return jnp.mean(hits)
        weights = jnp.broadcast_to(weights, hits.shape).astype(jnp.float32)
        total = jnp.sum(weights)
        return jnp.sum(weights * hits) / jnp.where(total == 0, 1, total)

    return metric
