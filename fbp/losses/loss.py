"""What a loss is, and how per-example losses become one number.

A loss's author writes only the loss of each example and its two derivatives; weights and
reductions are linear, so here they are done once for all losses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp

from fbp.errors import FbpError
from fbp.layer import PyTree

Reduction = Literal["mean", "example_mean", "sum", "none"]


class Loss(NamedTuple):
    """forward(outputs, targets, weights=None) -> value, res; jvp(res, toutputs) -> tvalue;
    vjp(res, dvalue) -> doutputs.

    probabilities(outputs) -> (..., classes), or None where outputs are scores;
    classes(outputs) -> integer labels.
    """

    name: str
    forward: Callable[..., tuple[jax.Array, PyTree]]
    jvp: Callable[..., jax.Array]
    vjp: Callable[..., jax.Array]
    probabilities: Callable[[jax.Array], jax.Array] | None
    classes: Callable[[jax.Array], jax.Array]


def per_example(
    name: str,
    reduction: Reduction,
    forward: Callable,
    jvp: Callable,
    vjp: Callable,
    *,
    counts: Callable[[jax.Array], jax.Array] | None = None,
    probabilities: Callable[[jax.Array], jax.Array] | None = None,
    classes: Callable[[jax.Array], jax.Array],
    coupled: bool = False,
) -> Loss:
    """A Loss from forward(outputs, targets) -> losses (...,), res and their two derivatives.

    "mean" is sum(w l) / sum(w), "sum" is sum(w l), "none" is w l, "example_mean" the mean over
    examples of each one's "mean" over its places (tokens). w are the weights, all 1 if None, and 0
    where counts(targets) is False; one an example serves for all its places. A mean over no
    weight at all is 0. coupled: an example's outputs take part in the losses of others.
    """
    if reduction not in get_args(Reduction):
        raise FbpError(
            f"{name}: reduction is one of {', '.join(get_args(Reduction))}, got {reduction!r}"
        )

    def coefficients(losses, targets, weights):
        w = weights_like(losses, weights)
        if counts is not None:
            w = jnp.where(counts(targets), w, 0)
        return normalised(w, reduction)

    def reduce(coefficients, losses):
        # An example of weight 0 is not there: even its infinity or NaN stays outside.
        weighted = jnp.where(coefficients == 0, 0, coefficients * losses)
        return weighted if reduction == "none" else jnp.sum(weighted)

    def loss_forward(outputs, targets, weights=None):
        losses, res = forward(outputs, targets)
        c = coefficients(losses, targets, weights)
        return reduce(c, losses), (c, res)

    def loss_jvp(res, toutputs):
        c, res = res
        return reduce(c, jvp(res, toutputs))

    def loss_vjp(res, dvalue):
        c, res = res
        doutputs = vjp(res, c * dvalue)
        return doutputs if coupled else jnp.where((c == 0)[..., None], 0, doutputs)

    return Loss(name, loss_forward, loss_jvp, loss_vjp, probabilities, classes)


def weights_like(losses: jax.Array, weights: jax.Array | None) -> jax.Array:
    """The weights in the shape and dtype of `losses`: 1 if None; one an example, or one a place."""
    if weights is None:
        return jnp.ones_like(losses)
    w = weights.reshape(weights.shape + (1,) * (losses.ndim - weights.ndim))
    return jnp.broadcast_to(w, losses.shape).astype(losses.dtype)


def normalised(w: jax.Array, reduction: Reduction) -> jax.Array:
    """Coefficients c with which the reduced loss is sum(c l); see per_example."""
    if reduction == "mean":
        return _shares(w, axes=None)
    if reduction == "example_mean":
        c = _shares(w, axes=tuple(range(1, w.ndim)))
        return c / jnp.maximum(1, jnp.sum(jnp.any(c != 0, axis=tuple(range(1, w.ndim)))))
    return w


def _shares(w: jax.Array, axes: tuple[int, ...] | None) -> jax.Array:
    total = jnp.sum(w, axes, keepdims=True)
    return w / jnp.where(total == 0, 1, total)


def argmax(outputs: jax.Array) -> jax.Array:
    """The class of the largest output."""
    return jnp.argmax(outputs, axis=-1)


def dense_targets(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Targets of the outputs' shape and dtype; integer labels (...,) become one-hot rows.

    One output and a label 0 or 1 stand for themselves.
    """
    if targets.shape == outputs.shape:
        return targets.astype(outputs.dtype)
    if targets.shape != outputs.shape[:-1]:
        raise FbpError(
            f"targets {list(targets.shape)} do not fit outputs {list(outputs.shape)}: expected "
            f"labels {list(outputs.shape[:-1])} or values {list(outputs.shape)}"
        )
    if outputs.shape[-1] == 1:
        return targets[..., None].astype(outputs.dtype)
    return jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
