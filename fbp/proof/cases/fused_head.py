"""Head and loss in one: ragged last chunk, ignored labels, smoothing, z-loss, cap, weights."""

import jax.numpy as jnp

from fbp.compose import serial
from fbp.fused_head import fused_head, fused_tied_head
from fbp.layers import dense, embedding, tanh
from fbp.losses.linear_cross_entropy import HeadOptions
from fbp.proof.cases.case import Case, integers, of_objective

VOCABULARY = 7
body = serial(embedding(VOCABULARY, 3), dense(4), tanh())
trunk = serial(dense(4), tanh(), dense(3))
labels = jnp.array([[0, 6, 3, 3, 1], [2, 2, 5, 0, 4]])
weights = jnp.array([1.0, 0.5])
ids = integers(2, 5, high=VOCABULARY)
everything = HeadOptions(label_smoothing=0.1, ignored_label=3, z_loss=0.01, soft_cap=1.5, chunk=4)

CASES = (
    Case("fused_head", of_objective(fused_head(body, VOCABULARY), labels, None), ids),
    Case(
        "fused_head/everything",
        of_objective(fused_head(body, VOCABULARY, everything), labels, weights),
        ids,
    ),
    Case(
        "fused_head/example_mean",
        of_objective(
            fused_head(body, VOCABULARY, everything._replace(reduction="example_mean")),
            labels,
            None,
        ),
        ids,
    ),
    Case(
        "fused_head/tied",
        of_objective(fused_tied_head(trunk, VOCABULARY, 3, everything), labels, weights),
        ids,
    ),
)
