"""One row of the table from which all generic tests and `fbp check --all` are made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Layer, PyTree, stateless
from fbp.losses import Loss
from fbp.objective import Batch, Objective

Draw = Callable[[jax.Array, jnp.dtype], PyTree]


class Case(NamedTuple):
    """A layer at a shape.

    inputs(key, dtype) -> x, whose floating leaves have `dtype`; random, and without special
    values unless the case is about them. Keep x below about 200 numbers; a row about long sums has
    a name that ends in /long.
    train: the Context's mode.
    kinks: (input value, slope the docstring promises there) where an elementwise slope jumps.
    low_precision: the dtypes below float64 that the rules are proved in. A case whose layer
    chooses (a maximum, a gate) on what it computes itself leaves out bfloat16, in which it may
    rightly choose differently.
    stops_gradient: the forward has a stop_gradient on purpose (truncated backpropagation), so that
    no difference quotient can agree with its rules.
    holomorphic: the forward also takes complex numbers, so a complex step measures its slope.
    """

    name: str
    layer: Layer
    inputs: Draw
    train: bool = True
    kinks: tuple[tuple[float, float], ...] = ()
    low_precision: tuple[str, ...] = ("float32", "bfloat16")
    holomorphic: bool = False
    stops_gradient: bool = False


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Draw:
    """x ~ N(shift, scale^2) of this shape."""
    return lambda key, dtype: (shift + scale * jax.random.normal(key, shape, jnp.float32)).astype(
        dtype
    )


def distinct(*shape: int) -> Draw:
    """x a permutation of evenly spaced numbers around 0: no ties, in bfloat16 neither up to 256."""
    n = math.prod(shape)

    def draw(key, dtype):
        return ((jax.random.permutation(key, n) - n // 2 + 0.5) / 64).reshape(shape).astype(dtype)

    return draw


def integers(*shape: int, high: int) -> Draw:
    """x uniform in 0 .. high - 1, whatever the dtype of the floating leaves."""
    return lambda key, dtype: jax.random.randint(key, shape, 0, high)


def of_loss(loss: Loss, targets: jax.Array, weights: jax.Array | None = None) -> Layer:
    """A loss as a layer without parameters: x are its outputs, y its value.

    Fewer outputs than targets stand for the first examples.
    """

    def forward(params, outputs):
        n = outputs.shape[0]
        return loss.forward(outputs, targets[:n], None if weights is None else weights[:n])

    def jvp(params, res, tparams, toutputs):
        return loss.jvp(res, toutputs)

    def vjp(params, res, dvalue):
        return (), loss.vjp(res, dvalue)

    return stateless(loss.name, lambda key, x: (), forward, jvp, vjp)


def of_objective(objective: Objective, targets: jax.Array, weights: jax.Array | None) -> Layer:
    """An objective as a layer of its parameters: x are the inputs of its batch, integers.

    Fewer inputs than targets stand for the first examples.
    """

    def forward(params, state, inputs, ctx):
        n = inputs.shape[0]
        batch = Batch(inputs, targets[:n], None if weights is None else weights[:n])
        loss, (state, _), res = objective.forward(params, state, batch, ctx)
        return loss, state, res

    def jvp(params, res, tparams, tx):
        return objective.jvp(params, res, tparams)

    def vjp(params, res, dloss):
        return objective.vjp(params, res, dloss), None

    return Layer(objective.name, objective.init, forward, jvp, vjp)
