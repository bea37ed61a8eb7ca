"""The mean of each window, or of all of space, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from fbp.layer import Layer, stateless
from fbp.layers.pool import Pooling, Windows, X, Y, pool
from fbp.layers.window import Padding, require_image
from fbp.witness import witness


def avg_pool_forward(params: tuple, x: Float[Array, X], pooling: Pooling):
    """y is the mean of the window's entries; padding is none of them. Residual: x's shape."""
    return _mean(x, pooling), witness(x)


def avg_pool_jvp(params: tuple, x, tparams: tuple, tx: Float[Array, X], pooling: Pooling):
    """A mean is linear: ty is the mean of the tangents."""
    return _mean(tx, pooling)


def avg_pool_vjp(params: tuple, x, dy: Float[Array, Y], pooling: Pooling):
    """dx sums dy / count over the windows that an entry is in: those that end s - 1 zeros apart
    in a dilated dy, window_size - 1 - below of which lie before the first."""
    space = x.shape[2:-1]
    at = pooling.on(space)
    shares = dy.astype(jnp.promote_types(dy.dtype, jnp.float32)) / _counts(at, space)
    pads = [(0, 0, 0)]
    for n, m, k, s, (low, _) in zip(space, dy.shape[1:-1], *at, strict=True):
        below = k - 1 - low
        pads.append((below, (n + k - 1) - (s * (m - 1) + 1) - below, s - 1))
    shares = lax.pad(shares, jnp.zeros((), shares.dtype), [*pads, (0, 0, 0)])
    ones, none = (1,) * len(space), ((0, 0),) * len(space)
    return (), _sum(shares, Windows(at.size, ones, none)).astype(dy.dtype)


def avg_pool(
    window: Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Layer:
    """The mean over windows; settings and errors as for max_pool. Source: LeCun et al. 1989."""
    return pool("avg_pool", window, stride, padding, avg_pool_forward, avg_pool_jvp, avg_pool_vjp)


def global_avg_pool_forward(params: tuple, x: Float[Array, X]):
    """y: (batch, channels), the mean over all of space. Residual: x's shape."""
    return _space_mean(x), witness(x)


def global_avg_pool_jvp(params: tuple, x, tparams: tuple, tx: Float[Array, X]):
    """A mean is linear."""
    return _space_mean(tx)


def global_avg_pool_vjp(params: tuple, x, dy: Float[Array, "batch channels"]):
    """dx is dy / places, everywhere."""
    batch, *space, channels = x.shape[1:]
    share = (dy / math.prod(space)).reshape(batch, *(1 for _ in space), channels)
    return (), jnp.broadcast_to(share, x.shape[1:])


def global_avg_pool() -> Layer:
    """(batch, *space, channels) -> (batch, channels). Source: Lin et al. 2013, section 3.2.

    Raises LayerError, at init, for an input that is not floating or has no space.
    """

    def init(key, x):
        require_image("global_avg_pool", x, max(x.ndim - 2, 1))
        return ()

    return stateless(
        "global_avg_pool", init, global_avg_pool_forward, global_avg_pool_jvp, global_avg_pool_vjp
    )


def _mean(x: Array, pooling: Pooling) -> Array:
    at = pooling.on(x.shape[1:-1])
    total = _sum(x.astype(jnp.promote_types(x.dtype, jnp.float32)), at)
    return (total / _counts(at, x.shape[1:-1])).astype(x.dtype)


def _sum(x: Array, at: Windows) -> Array:
    return lax.reduce_window(
        x,
        np.zeros((), x.dtype),
        lax.add,
        (1, *at.size, 1),
        (1, *at.stride, 1),
        ((0, 0), *at.padding, (0, 0)),
    )


def _counts(at: Windows, space: Sequence[int]) -> np.ndarray:
    """(*out, 1): how many entries of x each window holds."""
    counts = np.ones((), np.float32)
    for n, k, s, (low, high) in zip(space, *at, strict=True):
        starts = np.arange(0, low + n + high - k + 1, s) - low
        held = np.minimum(starts + k, n) - np.maximum(starts, 0)
        counts = np.multiply.outer(counts, held.astype(np.float32))
    return counts[..., None]


def _space_mean(x: Array) -> Array:
    wide = jnp.promote_types(x.dtype, jnp.float32)
    return jnp.mean(x, axis=range(1, x.ndim - 1), dtype=wide).astype(x.dtype)
