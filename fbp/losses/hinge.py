"""Support vector machine losses. At the hinge itself the slope is 0."""

from __future__ import annotations

import jax.numpy as jnp

from fbp.losses.loss import Loss, Reduction, argmax, dense_targets, per_example


def hinge_forward(scores, targets, margin: float):
    """l = sum over j != y of max(0, s_j - s_y + margin). scores: (..., classes) -> losses: (...,).

    With one score and a label 0 or 1, t = -1 or 1: l = max(0, margin - t s).
    Residual: dl/ds, whose entries are -1, 0, 1, or minus the number of violations.
    """
    y = dense_targets(targets, scores)
    if scores.shape[-1] == 1:
        t = 2 * y - 1
        gap = margin - t * scores
        slope = jnp.where(gap > 0, -t, 0)
    else:
        target_score = jnp.sum(y * scores, axis=-1, keepdims=True)
        gap = jnp.where(y == 1, 0, scores - target_score + margin)
        violated = (gap > 0).astype(scores.dtype)
        slope = violated - y * jnp.sum(violated, axis=-1, keepdims=True)
    return jnp.sum(jnp.maximum(gap, 0), axis=-1), slope


def hinge_jvp(slope, tscores):
    """tl = <dl/ds, ts>."""
    return jnp.sum(slope * tscores, axis=-1)


def hinge_vjp(slope, dlosses):
    """ds = dl/ds dl."""
    return slope * dlosses[..., None]


def hinge(reduction: Reduction = "mean", margin: float = 1.0) -> Loss:
    """The multiclass SVM loss; with a single score, the binary one. Targets: labels.

    Sources: Weston & Watkins 1999; Cortes & Vapnik 1995.
    """

    def classes(scores):
        return (scores[..., 0] > 0).astype(int) if scores.shape[-1] == 1 else argmax(scores)

    return per_example(
        "hinge",
        reduction,
        lambda scores, targets: hinge_forward(scores, targets, margin),
        hinge_jvp,
        hinge_vjp,
        classes=classes,
    )
