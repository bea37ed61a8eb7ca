"""Losses as functions of the outputs: every kind of target, weight and reduction."""

import jax.numpy as jnp

from fbp.losses import (
    binary_cross_entropy,
    hinge,
    mean_squared,
    quadratic,
    softmax_cross_entropy,
)
from fbp.proof.cases.case import Case, normal, of_loss

labels = jnp.array([2, 0, 1, 2, 1], jnp.int32)
binary = jnp.array([1, 0, 1, 1, 0], jnp.int32)
one_hot = jnp.eye(3, dtype=jnp.float32)[labels]
soft = jnp.array([[0.5, 0.25, 0.25], [0, 1, 0], [0.125, 0.125, 0.75], [1, 0, 0], [0, 0.5, 0.5]])
some_ignored = labels.at[1].set(-1).at[4].set(-1)
weights = jnp.array([0.5, 2.0, 0.0, 1.0, 3.0])
logits = normal(5, 3, scale=2.0)
confident = normal(5, 3, scale=12.0)
tokens = jnp.array([[0, 2, 1], [1, -1, 2]], jnp.int32)

CASES = (
    Case("quadratic", of_loss(quadratic(), labels), logits),
    Case("quadratic/values", of_loss(quadratic("sum"), soft, weights), logits),
    Case("mean_squared", of_loss(mean_squared(), one_hot), logits),
    Case("mean_squared/none", of_loss(mean_squared("none"), soft, weights), logits),
    Case("binary_cross_entropy", of_loss(binary_cross_entropy(), labels), logits),
    Case("binary_cross_entropy/one", of_loss(binary_cross_entropy(), binary), normal(5, 1)),
    Case("binary_cross_entropy/soft", of_loss(binary_cross_entropy("sum"), soft), confident),
    Case("softmax_cross_entropy", of_loss(softmax_cross_entropy(), labels), logits),
    Case("softmax_cross_entropy/one_hot", of_loss(softmax_cross_entropy("sum"), one_hot), logits),
    Case("softmax_cross_entropy/soft", of_loss(softmax_cross_entropy("none"), soft), logits),
    Case("softmax_cross_entropy/confident", of_loss(softmax_cross_entropy(), labels), confident),
    Case(
        "softmax_cross_entropy/smoothed",
        of_loss(softmax_cross_entropy(label_smoothing=0.2), labels),
        logits,
    ),
    Case(
        "softmax_cross_entropy/ignored",
        of_loss(softmax_cross_entropy(ignored_label=-1), some_ignored),
        logits,
    ),
    Case(
        "softmax_cross_entropy/weights", of_loss(softmax_cross_entropy(), labels, weights), logits
    ),
    Case(
        "softmax_cross_entropy/sequences",
        of_loss(softmax_cross_entropy("mean", 0.1, ignored_label=-1), tokens),
        normal(2, 3, 4),
    ),
    Case("hinge", of_loss(hinge(), labels), logits),
    Case("hinge/binary", of_loss(hinge("sum", margin=0.5), binary, weights), normal(5, 1)),
)
