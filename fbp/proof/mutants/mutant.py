"""A wrong rule, planted on purpose: a proof is worth what it catches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from fbp.layer import Layer, pull, push

Which = Literal["vjp", "jvp"]


class Mutant(NamedTuple):
    """One mistake in one layer.

    name says the mistake. case: the row of the table it is planted in. change(layer) is the layer
    with the mistake. rule: which of the two is wrong, or the first of them if both are.
    """

    name: str
    case: str
    change: Callable[[Layer], Layer]
    rule: Which = "vjp"


def with_vjp(vjp: Callable) -> Callable[[Layer], Layer]:
    """The layer with another vjp(params, res, dy)."""
    return lambda layer: layer._replace(vjp=vjp)


def with_jvp(jvp: Callable) -> Callable[[Layer], Layer]:
    """The layer with another jvp(params, res, tparams, tx)."""
    return lambda layer: layer._replace(jvp=jvp, dual=None)


def after_vjp(change: Callable) -> Callable[[Layer], Layer]:
    """The layer whose vjp gives change(dparams, dx)."""
    return lambda layer: layer._replace(
        vjp=lambda params, res, dy: change(*pull(layer, params, res, dy))
    )


def before_vjp(change: Callable) -> Callable[[Layer], Layer]:
    """The layer whose vjp sees change(params, res, dy)."""
    return lambda layer: layer._replace(
        vjp=lambda params, res, dy: pull(layer, *change(params, res, dy))
    )


def before_jvp(change: Callable) -> Callable[[Layer], Layer]:
    """The layer whose jvp sees change(params, res, tparams, tx)."""
    return lambda layer: layer._replace(
        jvp=lambda params, res, tparams, tx: push(layer, *change(params, res, tparams, tx)),
        dual=None,
    )


def keeping(other: Layer) -> Callable[[Layer], Layer]:
    """The layer's values with the residuals of another layer: what forward saved is wrong."""

    def change(layer):
        def forward(params, state, x, ctx):
            y, state, _ = layer.forward(params, state, x, ctx)
            return y, state, other.forward(params, state, x, ctx)[2]

        return layer._replace(forward=forward)

    return change


def pulled_by(other: Layer) -> Callable[[Layer], Layer]:
    """The layer with the vjp of another: a setting that the backward forgot."""
    return lambda layer: layer._replace(vjp=other.vjp)
