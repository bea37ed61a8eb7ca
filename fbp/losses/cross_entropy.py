"""Cross-entropy from logits, binary and over classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.errors import FbpError
from fbp.losses.loss import Loss, Reduction, argmax, dense_targets, per_example


def binary_cross_entropy_forward(logits, targets):
    """l = sum_j softplus(z_j) - y_j z_j: -y log s(z) - (1 - y) log(1 - s(z)), without overflow.

    logits: (..., outputs) -> losses: (...,). Residual: s(z) - y.
    """
    y = dense_targets(targets, logits)
    losses = jnp.sum(jnp.logaddexp(logits, 0) - y * logits, axis=-1)
    return losses, jax.lax.logistic(logits) - y


def binary_cross_entropy_jvp(error, tlogits):
    """tl = <s(z) - y, tz>."""
    return jnp.sum(error * tlogits, axis=-1)


def binary_cross_entropy_vjp(error, dlosses):
    """dz = (s(z) - y) dl: the sigmoid's slope has cancelled. Source: Nielsen 2015, eq. 61."""
    return error * dlosses[..., None]


def binary_cross_entropy(reduction: Reduction = "mean") -> Loss:
    """Cross-entropy of independent yes-or-no outputs, summed over the outputs of an example.

    Takes logits. Targets in [0, 1], or labels, which become one-hot (0 or 1 for one output): with
    several outputs this is Nielsen's cost for a layer of sigmoid neurons.
    Source: Nielsen 2015, chapter 3, eq. 63.
    """

    def classes(logits):
        return (logits[..., 0] > 0).astype(int) if logits.shape[-1] == 1 else argmax(logits)

    def probabilities(logits):
        p = jax.lax.logistic(logits)
        return jnp.concatenate([1 - p, p], axis=-1) if logits.shape[-1] == 1 else p

    return per_example(
        "binary_cross_entropy",
        reduction,
        binary_cross_entropy_forward,
        binary_cross_entropy_jvp,
        binary_cross_entropy_vjp,
        probabilities=probabilities,
        classes=classes,
    )


def softmax_cross_entropy_forward(logits, targets, label_smoothing: float):
    """l = logsumexp(z) - <y, z>, with y smoothed to (1 - e) y + e / classes.

    logits: (..., classes) -> losses: (...,). Residual: softmax(z) - y.
    """
    y = dense_targets(targets, logits)
    y = (1 - label_smoothing) * y + label_smoothing / logits.shape[-1]
    log_p = jax.nn.log_softmax(logits, axis=-1)
    return -jnp.sum(y * log_p, axis=-1), jnp.exp(log_p) * jnp.sum(y, axis=-1, keepdims=True) - y


def softmax_cross_entropy_jvp(error, tlogits):
    """tl = <softmax(z) - y, tz>."""
    return jnp.sum(error * tlogits, axis=-1)


def softmax_cross_entropy_vjp(error, dlosses):
    """dz = (softmax(z) - y) dl. Source: Nielsen 2015, chapter 3, eq. 81-82."""
    return error * dlosses[..., None]


def softmax_cross_entropy(
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    ignored_label: int | None = None,
) -> Loss:
    """The negative log-likelihood of the target class under softmax(logits).

    Targets: labels (...,) or distributions (..., classes). Examples whose label is `ignored_label`
    carry no weight. Sources: Nielsen 2015, chapter 3, eq. 80; smoothing: Szegedy et al. 2015,
    section 7. Raises FbpError for label_smoothing outside [0, 1).
    """
    if not 0 <= label_smoothing < 1:
        raise FbpError(f"softmax_cross_entropy: 0 <= label_smoothing < 1, got {label_smoothing}")
    return per_example(
        "softmax_cross_entropy",
        reduction,
        lambda logits, targets: softmax_cross_entropy_forward(logits, targets, label_smoothing),
        softmax_cross_entropy_jvp,
        softmax_cross_entropy_vjp,
        counts=None if ignored_label is None else lambda targets: targets != ignored_label,
        probabilities=lambda logits: jax.nn.softmax(logits, axis=-1),
        classes=argmax,
    )
