"""Quadratic near the target, linear far from it."""

from __future__ import annotations

import jax.numpy as jnp

from fbp.errors import FbpError
from fbp.losses.loss import Loss, Reduction, argmax, dense_targets, per_example


def huber_forward(outputs, targets, delta: float):
    """l = mean_j h(a_j - y_j), h(e) = e^2/2 for |e| <= delta, else delta (|e| - delta/2).

    outputs: (..., features) -> losses: (...). Residual: dl/da = clip(a - y, -delta, delta) / n.
    """
    error = outputs - dense_targets(targets, outputs)
    inner = jnp.clip(error, -delta, delta)
    losses = jnp.mean(inner * (error - 0.5 * inner), axis=-1)
    return losses, inner / error.shape[-1]


def huber_jvp(slope, toutputs):
    """tl = <dl/da, ta>."""
    return jnp.sum(slope * toutputs, axis=-1)


def huber_vjp(slope, dlosses):
    """da = dl/da dl."""
    return slope * dlosses[..., None]


def huber(reduction: Reduction = "mean", delta: float = 1.0) -> Loss:
    """The Huber loss, averaged over the outputs of an example. Source: Huber 1964.

    Raises FbpError for delta <= 0.
    """
    if delta <= 0:
        raise FbpError(f"huber: delta must be positive, got {delta}")
    return per_example(
        "huber",
        reduction,
        lambda outputs, targets: huber_forward(outputs, targets, delta),
        huber_jvp,
        huber_vjp,
        probabilities=None,
        classes=argmax,
    )
