"""The weight of a matrix product."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layers.factors.factor import by_places, einsum, map_examples, sum_examples, wide


class Outer(NamedTuple):
    """dw_i = sum over places t of x_it dy_it^T, (inputs, features); a place may be the only one."""

    x: Float[Array, "batch *places inputs"]
    dy: Float[Array, "batch *places features"]

    def total(self) -> Array:
        """x^T dy, all examples and places as one batch."""
        rows, drows = (a.reshape(-1, a.shape[-1]) for a in self)
        return einsum("nx,ny->xy", rows, drows)

    def squared_norms(self) -> Array:
        """|x|^2 |dy|^2 for a single place; see products_squared_norms for several."""
        x, dy = by_places(self.x), by_places(self.dy)
        if x.shape[1] == 1:
            return _squared_norm(x) * _squared_norm(dy)
        numbers = min(x.shape[1] ** 2, x.shape[2] * dy.shape[2])
        return map_examples(products_squared_norms, (x, dy), numbers)

    def second_moment(self) -> Array:
        """(x^2)^T dy^2 for a single place, from the dw_i of a chunk of examples for several."""
        x, dy = by_places(self.x), by_places(self.dy)
        if x.shape[1] == 1:
            return einsum("ntx,nty->xy", jnp.square(wide(x)), jnp.square(wide(dy)))

        def squares(x, dy):
            return jnp.sum(jnp.square(einsum("ntx,nty->nxy", x, dy)), axis=0)

        return sum_examples(squares, (x, dy), x.shape[2] * dy.shape[2])


def products_squared_norms(
    x: Float[Array, "*batch places inputs"], dy: Float[Array, "*batch places features"]
) -> Float[Array, "*batch"]:
    """|x^T dy|^2 = <x x^T, dy dy^T>: the product itself, or the Gram matrices, of inner products
    of places, whichever takes fewer multiplications. Source: Li et al. 2022, section 4.
    """
    places, inputs, features = x.shape[-2], x.shape[-1], dy.shape[-1]
    if places * (inputs + features) < inputs * features:
        grams = einsum("...sx,...tx->...st", x, x) * einsum("...sy,...ty->...st", dy, dy)
        return jnp.sum(grams, axis=(-2, -1))
    return jnp.sum(jnp.square(einsum("...tx,...ty->...xy", x, dy)), axis=(-2, -1))


def _squared_norm(a: Array) -> Array:
    return jnp.sum(jnp.square(wide(a)), axis=(1, 2))
