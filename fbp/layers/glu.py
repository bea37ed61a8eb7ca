"""Gated linear units: y = f(x W_g + b_g) * (x W_v + b_v), as one rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.activation import (
    gelu_tanh_value_and_slope,
    sigmoid_value_and_slope,
    silu_value_and_slope,
)
from fbp.layers.dense import (
    DenseParams,
    dense_factors,
    dense_forward,
    dense_jvp,
    dense_vjp,
    require_floating_features,
)
from fbp.layers.initializers import Initializer, lecun_normal

Gate = Callable[[Array], tuple[Array, Array]]  # f(z) -> (value, slope)


def glu_forward(params: DenseParams, x: Float[Array, "*batch inputs"], gate: Gate):
    """y = f(z) u, with z and u the halves of x W + b. Residuals: x, and z and u side by side."""
    zu, _ = dense_forward(params, x)
    z, u = jnp.split(zu, 2, axis=-1)
    return gate(z)[0] * u, (x, zu)


def glu_jvp(params: DenseParams, res, tparams: DenseParams, tx, gate: Gate):
    """ty = f'(z) tz u + f(z) tu."""
    x, zu = res
    z, u = jnp.split(zu, 2, axis=-1)
    tz, tu = jnp.split(dense_jvp(params, x, tparams, tx), 2, axis=-1)
    value, slope = gate(z)
    return slope * tz * u + value * tu


def glu_vjp(params: DenseParams, res, dy, gate: Gate, dense_rule=dense_vjp):
    """dz = f'(z) u dy, du = f(z) dy; then both as the cotangent of one dense layer."""
    x, zu = res
    z, u = jnp.split(zu, 2, axis=-1)
    value, slope = gate(z)
    return dense_rule(params, x, jnp.concatenate([slope * u * dy, value * dy], axis=-1))


def glu(features: int, **options) -> Layer:
    """The gate is a sigmoid. Source: Dauphin et al. 2017, eq. 1. Options: see gated."""
    return gated("glu", sigmoid_value_and_slope, features, **options)


def swiglu(features: int, **options) -> Layer:
    """The gate is a SiLU. Source: Shazeer 2020, eq. 5. Options: see gated."""
    return gated("swiglu", silu_value_and_slope, features, **options)


def geglu(features: int, **options) -> Layer:
    """The gate is a GELU (tanh form). Source: Shazeer 2020, eq. 5. Options: see gated."""
    return gated("geglu", gelu_tanh_value_and_slope, features, **options)


def gated(
    name: str,
    gate: Gate,
    features: int,
    *,
    use_bias: bool = True,
    weight_init: Initializer = lecun_normal,
) -> Layer:
    """A gated linear unit on the last axis; its weight is (inputs, 2 features), the gate first.

    Raises LayerError for features < 1 and, at init, for a scalar or an integer input.
    """
    if features < 1:
        raise LayerError(f"{name} needs features >= 1, got {features}")

    def init(key, x):
        require_floating_features(name, x)
        weight = weight_init(key, (x.shape[-1], 2 * features), x.dtype)
        return DenseParams(weight, jnp.zeros((2 * features,), x.dtype) if use_bias else None)

    return stateless(
        f"{name}({features})",
        init,
        lambda params, x: glu_forward(params, x, gate),
        lambda params, res, tparams, tx: glu_jvp(params, res, tparams, tx, gate),
        partial(glu_vjp, gate=gate),
        partial(glu_vjp, gate=gate, dense_rule=dense_factors),
    )
