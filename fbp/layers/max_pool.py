"""The largest entry of each window, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from fbp.layer import Layer
from fbp.layers.pool import Pooling, Windows, X, Y, pool
from fbp.layers.window import Padding
from fbp.witness import witness


def max_pool_forward(params: tuple, x: Float[Array, X], pooling: Pooling):
    """y is the largest entry of its window, of equals the first in row-major order; NaN is larger
    than all, padding smaller. Residuals: that entry's place in the window, in one byte where it
    has up to 127; x's shape."""
    at = pooling.on(x.shape[1:-1])
    y, *others = taps(x, at, -jnp.inf)
    index = jnp.zeros(y.shape, jnp.int8 if math.prod(at.size) < 128 else jnp.int32)
    for k, entry in enumerate(others, start=1):
        larger = ~(entry <= y) & ~jnp.isnan(y)
        y, index = jnp.where(larger, entry, y), jnp.where(larger, k, index)
    return y, (index, witness(x))


def max_pool_jvp(params: tuple, res, tparams: tuple, tx: Float[Array, X], pooling: Pooling):
    """ty is the tangent of the chosen entry."""
    index, _ = res
    ty = jnp.zeros(index.shape, tx.dtype)
    for k, entry in enumerate(taps(tx, pooling.on(tx.shape[1:-1]), 0.0)):
        ty = jnp.where(index == k, entry, ty)
    return ty


def max_pool_vjp(params: tuple, res, dy: Float[Array, Y], pooling: Pooling):
    """dx is dy at the chosen entry, 0 at the others; it adds up where windows overlap."""
    index, x = res
    space = x.shape[2:-1]
    at = pooling.on(space)
    if at.size == at.stride:
        return (), _tiled(dy, index, at, space)
    dx = jnp.zeros(x.shape[1:], jnp.promote_types(dy.dtype, jnp.float32))
    for k, place in enumerate(product(*map(range, at.size))):
        entry = jnp.where(index == k, dy, 0).astype(dx.dtype)
        dx += lax.pad(entry, jnp.zeros((), dx.dtype), _spread(place, at, space, dy.shape[1:-1]))
    return (), dx.astype(dy.dtype)


def max_pool(
    window: Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Layer:
    """The maximum over windows of (batch, *space, channels), `stride` apart (the window's size).

    padding: as for conv. Sources: Yamaguchi et al. 1990; Ranzato et al. 2007.
    Raises LayerError for settings that make no sense and, at init, for an input that is not
    floating (batch, *space, channels), or that the window nowhere fits into or can leave.
    """
    return pool("max_pool", window, stride, padding, max_pool_forward, max_pool_jvp, max_pool_vjp)


def taps(x: Float[Array, X], at: Windows, outside: float) -> list[Array]:
    """Entry k of every window, (batch, *out, channels), for every k in row-major order."""
    pads = [(0, 0, 0), *((low, high, 0) for low, high in at.padding), (0, 0, 0)]
    padded = lax.pad(x, jnp.asarray(outside, x.dtype), pads)
    reach = [
        (n - k) // s * s + 1 for n, k, s in zip(padded.shape[1:-1], at.size, at.stride, strict=True)
    ]

    def tap(place: tuple[int, ...]) -> Array:
        end = [p + r for p, r in zip(place, reach, strict=True)]
        batch, channels = x.shape[0], x.shape[-1]
        return lax.slice(padded, (0, *place, 0), (batch, *end, channels), (1, *at.stride, 1))

    return [tap(place) for place in product(*map(range, at.size))]


def _spread(place, at: Windows, space, out) -> list[tuple[int, int, int]]:
    """The padding that puts entry `place` of every window where it is in x: a tap's transpose."""
    pads = [(0, 0, 0)]
    for p, n, m, s, (low, _) in zip(place, space, out, at.stride, at.padding, strict=True):
        pads.append((p - low, n - (s * (m - 1) + 1) - (p - low), s - 1))
    return [*pads, (0, 0, 0)]


def _tiled(dy: Array, index: Array, at: Windows, space: Sequence[int]) -> Array:
    """max_pool_vjp where every entry of x is in one window at most: one pass, nothing to add."""
    batch, *out, channels = dy.shape
    axes = tuple(range(2, 2 * len(out) + 1, 2))  # one for the window after each spatial axis
    places = np.expand_dims(
        np.arange(math.prod(at.size)).reshape(at.size),
        tuple(i for i in range(2 * len(out) + 2) if i not in axes),
    )
    chosen = jnp.expand_dims(index, axes) == places
    tiles = jnp.where(chosen, jnp.expand_dims(dy, axes), 0)
    whole = [m * k for m, k in zip(out, at.size, strict=True)]
    pads = [(-low, n + low - w, 0) for n, w, (low, _) in zip(space, whole, at.padding, strict=True)]
    dx = tiles.reshape(batch, *whole, channels)
    return lax.pad(dx, jnp.zeros((), dx.dtype), [(0, 0, 0), *pads, (0, 0, 0)])
