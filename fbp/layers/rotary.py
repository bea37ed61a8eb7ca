"""Rotary positions: pairs of features turn by an angle that grows with the place."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless


def rotate(x: Float[Array, "*batch length features"], base: float, direction: int):
    """Turns the pair (x_f, x_{f + features/2}) at place t by direction * t * base^(-2f/features).

    direction 1 is the map, -1 its inverse and, the map being orthogonal, its transpose.
    """
    length, features = x.shape[-2:]
    frequency = base ** (-jnp.arange(0, features, 2) / features)
    angle = direction * jnp.arange(length)[:, None] * frequency
    cos, sin = jnp.cos(angle).astype(x.dtype), jnp.sin(angle).astype(x.dtype)
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def rotary(base: float = 10000.0) -> Layer:
    """Rotates x (..., length, features) by its places; a linear map without parameters.

    Source: Su et al. 2021, eq. 34, with the halves as pairs.
    Raises LayerError, at init, for an odd number of features.
    """

    def init(key, x):
        if x.ndim < 2 or x.shape[-1] % 2:
            raise LayerError(f"rotary takes (..., length, even features), got {list(x.shape)}")
        return ()

    return stateless(
        "rotary",
        init,
        lambda params, x: (rotate(x, base, 1), ()),
        lambda params, res, tparams, tx: rotate(tx, base, 1),
        lambda params, res, dy: ((), rotate(dy, base, -1)),
    )
