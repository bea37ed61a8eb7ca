"""(batch, ...) -> (batch, features)."""

from __future__ import annotations

import math

from jaxtyping import Array, Float, Shaped

from fbp.layer import Layer, LayerError, stateless
from fbp.witness import witness


def flatten_forward(params: tuple, x: Shaped[Array, "batch *features"]):
    """All axes but the first become one. Residual: x's shape."""
    return x.reshape(x.shape[0], math.prod(x.shape[1:])), witness(x)


def flatten_jvp(params: tuple, res, tparams: tuple, tx):
    """A reshape is linear: the tangent is reshaped like the value."""
    return tx.reshape(tx.shape[0], math.prod(tx.shape[1:]))


def flatten_vjp(params: tuple, res, dy: Float[Array, "batch features"]):
    """And the cotangent back again."""
    return (), dy.reshape(res.shape[1:])


def flatten() -> Layer:
    """Flattens all axes but the first. Raises LayerError, at init, for a scalar."""

    def init(key, x):
        if x.ndim < 1:
            raise LayerError("flatten takes (batch, ...), got a scalar")
        return ()

    return stateless("flatten", init, flatten_forward, flatten_jvp, flatten_vjp)
