"""Parameters whose per-example gradients are as small as activations: biases, scales, positions."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layers.factors.factor import wide


class Rows(NamedTuple):
    """dw_i = rows_i as they are; length: of the parameter's first axis, 0 beyond rows_i's own."""

    rows: Float[Array, "batch n *rest"]
    length: int

    def total(self) -> Array:
        """The sum of the rows."""
        return self._padded(jnp.sum(wide(self.rows), axis=0))

    def squared_norms(self) -> Array:
        """|rows_i|^2."""
        return jnp.sum(jnp.square(wide(self.rows)), axis=tuple(range(1, self.rows.ndim)))

    def second_moment(self) -> Array:
        """The sum of the rows' squares."""
        return self._padded(jnp.sum(jnp.square(wide(self.rows)), axis=0))

    def _padded(self, a: Array) -> Array:
        return jnp.pad(a, [(0, self.length - a.shape[0]), *[(0, 0)] * (a.ndim - 1)])


def sum_of_places(a: Float[Array, "batch *places features"]) -> Rows:
    """dw_i = sum of a over an example's places: what a vector that is used at every place gets."""
    rows = jnp.sum(wide(a), axis=tuple(range(1, a.ndim - 1)))
    return Rows(rows, a.shape[-1])
