"""One trilinear form, and the three linear maps in it.

    <dy, convolve(x, w)> = <pull_input(dy, w), x> = <pull_kernel(x, dy), w>
    y[n, o, f] = sum over k, c of x[n, s o + d k - l, c] w[k, c, f]

for stride s, dilation d and l entries of padding below, along each spatial axis; x is 0 outside.
Shapes: x (batch, *space, channels), w (*kernel, channels / groups, features), y (batch, *out,
features). Group g of the features sees group g of the channels only.

Each of the two transposes is a convolution again. Along an axis with n entries of x, m of y,
k of w, so that the kernel reaches over r = d (k - 1) + 1 entries:

    pull_input slides the reversed kernel, its channels and features exchanged, over dy with s - 1
    zeros between its entries: those reach over s (m - 1) + 1. Entry i of x meets dy from r - 1 - l
    entries below; so that n entries come out, n + r - 1 are needed in all.
    pull_kernel slides dy, dilated by s, over x with stride d: the batch is contracted, as channels
    are in convolve, and channels are the batch. Entry 0 of w is where x has its l entries of
    padding below; so that k entries come out, d (k - 1) + s (m - 1) + 1 are needed in all.

What padding above is then missing may be negative: rows of x that no window reaches.
Source: Dumoulin & Visin 2016, A guide to convolution arithmetic, relationships 8 to 14.
"""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fbp.backend import SPREAD_COTANGENT, by_backend

MUCH_LARGER = 1.5  # times the output: from here on zeros cost more than sums
FITS_THE_CACHE = 2**22  # entries: larger products wait for memory
X, W, Y = "batch *space channels", "*kernel inputs features", "batch *out features"


class Geometry(NamedTuple):
    """stride, dilation: one entry a spatial axis; padding: (below, above) each."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1


def convolve(x: Float[Array, X], w: Float[Array, W], at: Geometry) -> Float[Array, Y]:
    """y of the module's docstring, in x's dtype, accumulated in float32 or better."""
    axes = _axes(at)
    return _conv(
        x,
        w,
        window_strides=at.stride,
        padding=at.padding,
        rhs_dilation=at.dilation,
        feature_group_count=at.groups,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )


def pull_input(
    dy: Float[Array, Y], w: Float[Array, W], at: Geometry, space: tuple[int, ...]
) -> Float[Array, X]:
    """The transpose of x -> convolve(x, w). space: x's spatial shape."""
    ways = {
        "convolution": lambda dy, w: _pull_input_by_convolution(dy, w, at, space),
        "products": lambda dy, w: _pull_input_by_products(dy, w, at, space),
    }
    taps = math.prod(w.shape[:-2])
    owed = math.prod(dy.shape[:-1]) * taps * w.shape[-2]
    much_larger = math.prod(space) >= MUCH_LARGER * math.prod(dy.shape[1:-1])
    sums_are_dense = taps == 1 or set(at.stride) == {1}
    if at.groups == 1 and much_larger and sums_are_dense and owed <= FITS_THE_CACHE:
        return by_backend(SPREAD_COTANGENT, ways, dy, w)
    return ways["convolution"](dy, w)


def _pull_input_by_convolution(dy: Array, w: Array, at: Geometry, space: tuple[int, ...]) -> Array:
    out, kernel = dy.shape[1:-1], w.shape[:-2]
    padding = []
    for n, m, k, s, d, (low, _) in zip(
        space, out, kernel, at.stride, at.dilation, at.padding, strict=True
    ):
        reach = d * (k - 1) + 1
        below = reach - 1 - low
        padding.append((below, (n + reach - 1) - (s * (m - 1) + 1) - below))
    axes = _axes(at)
    return _conv(
        dy,
        _exchanged(jnp.flip(w, range(len(kernel))), at.groups),
        window_strides=(1,) * len(kernel),
        padding=padding,
        lhs_dilation=at.stride,
        rhs_dilation=at.dilation,
        feature_group_count=at.groups,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )


def _pull_input_by_products(dy: Array, w: Array, at: Geometry, space: tuple[int, ...]) -> Array:
    """What every entry of dy owes to every tap, as one product; then each tap's is put in its place
    and added. Entry o of dy and tap k meet at s o + d k - l of x."""
    kernel, channels = w.shape[:-2], w.shape[-2]
    wide = jnp.promote_types(dy.dtype, jnp.float32)
    taps = w.reshape(-1, w.shape[-1])
    owed = jnp.matmul(dy, taps.T, preferred_element_type=wide)
    dx = jnp.zeros((dy.shape[0], *space, channels), wide)
    for i, tap in enumerate(product(*map(range, kernel))):
        part = owed[..., i * channels : (i + 1) * channels]
        pads = [(0, 0, 0)]
        for n, m, k, s, d, (low, _) in zip(
            space, dy.shape[1:-1], tap, at.stride, at.dilation, at.padding, strict=True
        ):
            below = d * k - low
            pads.append((below, n - below - (s * (m - 1) + 1), s - 1))
        dx += lax.pad(part, jnp.zeros((), wide), [*pads, (0, 0, 0)])
    return dx.astype(dy.dtype)


def pull_kernel(
    x: Float[Array, X], dy: Float[Array, Y], at: Geometry, kernel: tuple[int, ...]
) -> Float[Array, W]:
    """The transpose of w -> convolve(x, w). kernel: w's spatial shape."""
    space, out = x.shape[1:-1], dy.shape[1:-1]
    padding = []
    for n, m, k, s, d, (low, _) in zip(
        space, out, kernel, at.stride, at.dilation, at.padding, strict=True
    ):
        padding.append((low, d * (k - 1) + s * (m - 1) + 1 - n - low))
    axes = _axes(at)
    return _conv(
        x,
        dy,
        window_strides=at.dilation,
        padding=padding,
        rhs_dilation=at.stride,
        batch_group_count=at.groups,
        dimension_numbers=(f"C{axes}N", f"I{axes}O", f"{axes}NC"),
    )


def _axes(at: Geometry) -> str:
    """The spatial axes' letters."""
    return "DHW"[-len(at.stride) :]


def _conv(a: Array, b: Array, **arguments) -> Array:
    wide = jnp.promote_types(a.dtype, jnp.float32)
    return lax.conv_general_dilated(a, b, preferred_element_type=wide, **arguments).astype(a.dtype)


def _exchanged(w: Float[Array, W], groups: int) -> Array:
    """(*kernel, channels / groups, features) -> (*kernel, features / groups, channels)."""
    *kernel, channels, features = w.shape
    w = w.reshape(*kernel, channels, groups, features // groups)
    w = jnp.swapaxes(w, -3, -1)
    return w.reshape(*kernel, features // groups, groups * channels)
