"""The Kullback-Leibler divergence of softmax(logits) from a target distribution."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy

from fbp.losses.loss import Loss, Reduction, argmax, dense_targets, per_example


def kl_divergence_forward(logits, targets):
    """l = sum_j p_j (log p_j - log softmax(z)_j), with 0 log 0 = 0. Residual: softmax(z) |p| - p.

    logits, targets: (..., classes) -> losses: (...).
    """
    p = dense_targets(targets, logits)
    log_q = jax.nn.log_softmax(logits, axis=-1)
    losses = jnp.sum(xlogy(p, p) - p * log_q, axis=-1)
    return losses, jnp.exp(log_q) * jnp.sum(p, axis=-1, keepdims=True) - p


def kl_divergence_jvp(error, tlogits):
    """tl = <softmax(z) - p, tz>."""
    return jnp.sum(error * tlogits, axis=-1)


def kl_divergence_vjp(error, dlosses):
    """dz = (softmax(z) - p) dl: the entropy of p does not depend on z."""
    return error * dlosses[..., None]


def kl_divergence(reduction: Reduction = "mean") -> Loss:
    """KL(p | softmax(z)) for distributions p (..., classes), or labels, which become one-hot.

    Source: Kullback & Leibler 1951; as a loss: Hinton et al. 2015 (distillation).
    """
    return per_example(
        "kl_divergence",
        reduction,
        kl_divergence_forward,
        kl_divergence_jvp,
        kl_divergence_vjp,
        probabilities=lambda logits: jax.nn.softmax(logits, axis=-1),
        classes=argmax,
    )
