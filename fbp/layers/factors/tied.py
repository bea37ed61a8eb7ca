"""A table that is used at both ends of a net, whose two gradients meet in one parameter."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from fbp.layers.factors.factor import by_places, einsum, map_examples, sum_examples
from fbp.layers.factors.outer import Outer
from fbp.layers.factors.scatter import Scatter
from fbp.layers.table import add_rows


class Tied(NamedTuple):
    """dw_i = a_i + b_i, both (vocabulary, features): a_i the outer product of dlogits and h over
    an example's places, b_i its rows dx added at ids."""

    dlogits: Float[Array, "batch *places vocabulary"]
    h: Float[Array, "batch *places features"]
    ids: Int[Array, "batch *places"]
    dx: Float[Array, "batch *places features"]

    def total(self) -> Array:
        """a + b."""
        return self._head().total() + self._rows().total()

    def squared_norms(self) -> Array:
        """|a + b|^2 = |a|^2 + |b|^2 + 2 <a, b>, and <a, b> = sum_st dlogits_t,ids_s <h_t, dx_s>.

        Source: Li et al. 2022, appendix F, for the sum; the cross term by hand.
        """
        ids = by_places(self.ids[..., None])[..., 0]
        arrays = (by_places(self.dlogits), by_places(self.h), ids, by_places(self.dx))
        crossed = map_examples(self._cross, arrays, 2 * ids.shape[1] ** 2)
        return self._head().squared_norms() + self._rows().squared_norms() + 2 * crossed

    def second_moment(self) -> Array:
        """From the dw_i of a chunk of examples."""
        ids = by_places(self.ids[..., None])[..., 0]
        arrays = (by_places(self.dlogits), by_places(self.h), ids, by_places(self.dx))

        def squares(dlogits, h, ids, dx):
            a = einsum("ntv,ntf->nvf", dlogits, h)
            return jnp.sum(jnp.square(a + jax.vmap(add_rows)(a, ids, dx)), axis=0)

        return sum_examples(squares, arrays, self.dlogits.shape[-1] * self.h.shape[-1])

    def _cross(self, dlogits: Array, h: Array, ids: Array, dx: Array) -> Array:
        inside = (ids >= 0) & (ids < dlogits.shape[-1])
        at = jnp.broadcast_to(
            jnp.where(inside, ids, 0)[:, None], (*dlogits.shape[:2], ids.shape[1])
        )
        read = jnp.take_along_axis(dlogits, at, axis=-1)
        read = jnp.where(inside[:, None], read, 0)
        return jnp.sum(read * einsum("ntf,nsf->nts", h, dx), axis=(1, 2))

    def _head(self) -> Outer:
        return Outer(self.dlogits, self.h)

    def _rows(self) -> Scatter:
        return Scatter(self.ids, self.dx, self.dlogits.shape[-1])
