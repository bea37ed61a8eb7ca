"""y_j = max over pieces k of (x W_k + b_k)_j."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.dense import (
    DenseParams,
    dense_factors,
    dense_vjp,
    matmul,
    require_floating_features,
)
from fbp.layers.initializers import Initializer, lecun_normal, zeros


class MaxoutParams(NamedTuple):
    """weight: (inputs, features * pieces), the pieces of one feature adjacent. bias alike."""

    weight: Float[Array, "inputs width"]
    bias: Float[Array, " width"]


def maxout_forward(params: MaxoutParams, x: Float[Array, "*batch inputs"], pieces: int):
    """y: (..., features), the largest piece, the first among equals. Residuals: x, the choice."""
    z = matmul(x, params.weight) + params.bias
    z = z.reshape(*z.shape[:-1], z.shape[-1] // pieces, pieces)
    return jnp.max(z, axis=-1), (x, jnp.argmax(z, axis=-1).astype(jnp.int8))


def maxout_jvp(params: MaxoutParams, res, tparams: MaxoutParams, tx, pieces: int):
    """ty is the tangent of the chosen piece: tx W + x tW + tb there."""
    x, choice = res
    tz = matmul(tx, params.weight) + matmul(x, tparams.weight) + tparams.bias
    tz = tz.reshape(*tz.shape[:-1], tz.shape[-1] // pieces, pieces)
    return jnp.take_along_axis(tz, choice[..., None], axis=-1)[..., 0]


def maxout_vjp(params: MaxoutParams, res, dy, pieces: int, dense_rule=dense_vjp):
    """dz is dy at the chosen piece and 0 at the others; then as for dense."""
    x, choice = res
    chosen = choice[..., None] == jnp.arange(pieces)
    dz = jnp.where(chosen, dy[..., None], 0).reshape(*dy.shape[:-1], params.bias.size)
    dparams, dx = dense_rule(DenseParams(*params), x, dz)
    return MaxoutParams(*dparams), dx


def maxout(
    features: int,
    pieces: int = 2,
    *,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """The maximum of `pieces` affine maps. Source: Goodfellow et al. 2013, eq. 1.

    Raises LayerError for features < 1, for pieces outside 1..127 and, at init, for a scalar or
    an integer input.
    """
    if features < 1 or not 1 <= pieces <= 127:
        raise LayerError(
            f"maxout needs features >= 1 and 1 <= pieces <= 127, got {features} and {pieces}"
        )

    def init(key, x):
        require_floating_features("maxout", x)
        weight_key, bias_key = jax.random.split(key)
        width = features * pieces
        return MaxoutParams(
            weight_init(weight_key, (x.shape[-1], width), x.dtype),
            bias_init(bias_key, (width,), x.dtype),
        )

    return stateless(
        f"maxout({features}, {pieces})",
        init,
        lambda params, x: maxout_forward(params, x, pieces),
        lambda params, res, tparams, tx: maxout_jvp(params, res, tparams, tx, pieces),
        partial(maxout_vjp, pieces=pieces),
        partial(maxout_vjp, pieces=pieces, dense_rule=dense_factors),
    )
