"""Losses of distributions, distances and directions."""

import jax.numpy as jnp

from fbp.losses import cosine, huber, info_nce, kl_divergence
from fbp.proof.cases.case import Case, normal, of_loss

values = jnp.linspace(-2.0, 2.0, 12).reshape(4, 3)
shares = jnp.array([[0.2, 0.3, 0.5], [0.0, 0.1, 0.9], [1.0, 0.0, 0.0], [0.4, 0.4, 0.2]])
weights = jnp.array([1.0, 0.5, 0.0, 2.0])

CASES = (
    Case("kl_divergence", of_loss(kl_divergence(), shares, weights), normal(4, 3)),
    Case("kl_divergence/none", of_loss(kl_divergence("none"), shares), normal(4, 3)),
    Case(
        "kl_divergence/example_mean",
        of_loss(
            kl_divergence("example_mean"),
            jnp.stack([shares, shares[::-1]]),
            jnp.array([[1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 1.0]]),
        ),
        normal(2, 4, 3),
    ),
    Case("huber", of_loss(huber(delta=0.8), values), normal(4, 3, scale=2.0)),
    Case("cosine", of_loss(cosine("sum"), values, weights), normal(4, 3)),
    Case("info_nce", of_loss(info_nce(temperature=0.5), jnp.zeros(4)), normal(4, 2, 3)),
    Case("info_nce/weights", of_loss(info_nce("sum"), jnp.zeros(4), weights), normal(4, 2, 3)),
)
