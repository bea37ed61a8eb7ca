"""The kernel of a convolution."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fbp.layers.convolve import Geometry, pull_kernel
from fbp.layers.factors.factor import einsum, map_examples, sum_examples, wide
from fbp.layers.factors.outer import products_squared_norms


class Patches(NamedTuple):
    """dw_i = pull_kernel(x_i, dy_i): x's patches, one an output place, times dy there, summed.

    kernel: its spatial shape. exchanged: the parameter is (*kernel, features, channels), that of a
    transposed convolution.
    """

    x: Float[Array, "batch *space channels"]
    dy: Float[Array, "batch *out features"]
    at: Geometry
    kernel: tuple[int, ...]
    exchanged: bool = False

    def total(self) -> Array:
        """pull_kernel of the whole batch."""
        return self._as_parameter(wide(pull_kernel(self.x, self.dy, self.at, self.kernel)))

    def squared_norms(self) -> Array:
        """Of patches^T dy, as the weight of a matrix product, for each group of features."""

        def norms(x, dy):
            return jnp.sum(products_squared_norms(*self._by_group(x, dy)), axis=1)

        places = math.prod(self.dy.shape[1:-1])
        made = min(places**2 * self.at.groups, self._kernel_size())
        return map_examples(norms, (self.x, self.dy), self._patch_numbers() + made)

    def second_moment(self) -> Array:
        """From the dw_i of a chunk of examples."""

        def squares(x, dy):
            patches, dy = self._by_group(x, dy)
            return jnp.sum(jnp.square(einsum("ngtx,ngty->ngxy", patches, dy)), axis=0)

        made = self._patch_numbers() + self._kernel_size()
        total = sum_examples(squares, (self.x, self.dy), made)
        groups, _, features = total.shape
        total = jnp.moveaxis(total.reshape(groups, *self.kernel, -1, features), 0, -2)
        return self._as_parameter(total.reshape(*total.shape[:-2], groups * features))

    def _by_group(self, x: Array, dy: Array) -> tuple[Array, Array]:
        """(batch, groups, places, kernel * channels / groups), (batch, groups, places, features /
        groups); group g of the features sees group g of the channels only."""
        groups, window = self.at.groups, math.prod(self.kernel)
        patches = patches_of(x, dy.shape[1:-1], self.kernel, self.at)
        places = math.prod(dy.shape[1:-1])
        patches = patches.reshape(x.shape[0], places, window, groups, -1)
        patches = jnp.moveaxis(patches, 3, 1).reshape(x.shape[0], groups, places, -1)
        return patches, jnp.moveaxis(dy.reshape(x.shape[0], places, groups, -1), 2, 1)

    def _patch_numbers(self) -> int:
        return math.prod(self.dy.shape[1:-1]) * math.prod(self.kernel) * self.x.shape[-1]

    def _kernel_size(self) -> int:
        channels = self.x.shape[-1] // self.at.groups
        return math.prod(self.kernel) * channels * self.dy.shape[-1]

    def _as_parameter(self, weight: Array) -> Array:
        return jnp.swapaxes(weight, -1, -2) if self.exchanged else weight


def patches_of(
    x: Float[Array, "batch *space channels"],
    out: tuple[int, ...],
    kernel: tuple[int, ...],
    at: Geometry,
) -> Float[Array, "batch *out window channels"]:
    """What a window sees at each of its `out` places; x is 0 outside."""
    edges, reach = [(0, 0, 0)], []
    for n, m, k, s, d, (low, _) in zip(
        x.shape[1:-1], out, kernel, at.stride, at.dilation, at.padding, strict=True
    ):
        reach.append(s * (m - 1) + 1)
        edges.append((low, reach[-1] + d * (k - 1) - n - low, 0))
    x = lax.pad(x, jnp.zeros((), x.dtype), [*edges, (0, 0, 0)])
    seen = []
    for entry in product(*(range(k) for k in kernel)):
        start = [d * e for d, e in zip(at.dilation, entry, strict=True)]
        stop = [a + r for a, r in zip(start, reach, strict=True)]
        bounds = [0, *start, 0], [x.shape[0], *stop, x.shape[-1]]
        seen.append(lax.slice(x, *bounds, [1, *at.stride, 1]))
    return jnp.stack(seen, axis=-2)
