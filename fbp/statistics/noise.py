"""Gaussian noise on a gradient: what makes clipped per-example gradients private."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.layer import PyTree


def add_noise(key: jax.Array, grads: PyTree, std: float) -> PyTree:
    """grads + N(0, std^2), independent in every entry, drawn in float32 or better.

    Source: Abadi et al. 2016, algorithm 1, whose std is noise_multiplier * clip / batch for the
    mean over a batch.
    """
    leaves, structure = jax.tree.flatten(grads)
    keys = jax.random.split(key, len(leaves))

    def noisy(key, leaf):
        wide = jnp.promote_types(leaf.dtype, jnp.float32)
        return (leaf + std * jax.random.normal(key, leaf.shape, wide)).astype(leaf.dtype)

    return jax.tree.unflatten(structure, [noisy(k, a) for k, a in zip(keys, leaves, strict=True)])
