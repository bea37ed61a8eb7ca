"""One row of the table from which all generic tests and `fbp check --all` are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Layer, PyTree, stateless
from fbp.losses import Loss

Draw = Callable[[jax.Array, jnp.dtype], PyTree]


class Case(NamedTuple):
    """A layer at a shape.

    inputs(key, dtype) -> x, whose floating leaves have `dtype`; random, and without special
    values unless the case is about them. train: the Context's mode.
    kinks: input values at which an elementwise layer's slope jumps.
    """

    name: str
    layer: Layer
    inputs: Draw
    train: bool = True
    kinks: tuple[float, ...] = ()


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Draw:
    """x ~ N(shift, scale^2) of this shape."""
    return lambda key, dtype: (
        shift + scale * jax.random.normal(key, shape, jnp.float32)
    ).astype(dtype)


def integers(*shape: int, high: int) -> Draw:
    """x uniform in 0 .. high - 1, whatever the dtype of the floating leaves."""
    return lambda key, dtype: jax.random.randint(key, shape, 0, high)


def of_loss(loss: Loss, targets: jax.Array, weights: jax.Array | None = None) -> Layer:
    """A loss as a layer without parameters: x are its outputs, y its value."""

    def forward(params, outputs):
        return loss.forward(outputs, targets, weights)

    def jvp(params, res, tparams, toutputs):
        return loss.jvp(res, toutputs)

    def vjp(params, res, dvalue):
        return (), loss.vjp(res, dvalue)

    return stateless(loss.name, lambda key, x: (), forward, jvp, vjp)
