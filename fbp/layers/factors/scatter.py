"""A table of which each example reads a few rows."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from fbp.layers.factors.factor import by_places, einsum, map_examples, wide
from fbp.layers.table import add_rows


class Scatter(NamedTuple):
    """dw_i = dy_it added to row ids_it for each place t; the parameter has `vocabulary` rows."""

    ids: Int[Array, "batch *places"]
    dy: Float[Array, "batch *places features"]
    vocabulary: int

    def total(self) -> Array:
        """All rows where they belong; ids outside the table are dropped."""
        return self._scattered(wide(self.dy))

    def squared_norms(self) -> Array:
        """sum over places s, t of one id of <dy_s, dy_t>."""
        ids, dy = self._inside()
        return map_examples(
            lambda ids, dy: jnp.sum(dy * _of_one_id(ids, dy), axis=(1, 2)),
            (ids, dy),
            ids.shape[1] ** 2,
        )

    def second_moment(self) -> Array:
        """(sum_t dy_t)^2 = sum_s dy_s (sum_t dy_t) over the places of one id, at that id's row."""
        ids, dy = self._inside()
        flat = map_examples(lambda ids, dy: dy * _of_one_id(ids, dy), (ids, dy), ids.shape[1] ** 2)
        return self._scattered(flat)

    def _inside(self) -> tuple[Array, Array]:
        """(batch, places) ids and (batch, places, features) rows, 0 outside the table."""
        ids = by_places(self.ids[..., None])[..., 0]
        inside = (ids >= 0) & (ids < self.vocabulary)
        return ids, jnp.where(inside[..., None], wide(by_places(self.dy)), 0)

    def _scattered(self, rows: Array) -> Array:
        table = jnp.zeros((self.vocabulary, rows.shape[-1]), rows.dtype)
        return add_rows(table, self.ids, rows.reshape(*self.ids.shape, rows.shape[-1]))


def _of_one_id(ids: Array, dy: Array) -> Array:
    """At each place, the sum of dy over the example's places with the same id."""
    same = (ids[:, :, None] == ids[:, None, :]).astype(dy.dtype)
    return einsum("nst,ntf->nsf", same, dy)
