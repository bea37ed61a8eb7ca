"""Normalisation over the batch, with running statistics for evaluation."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fbp.layer import Context, Layer, LayerError
from fbp.layers.dense import require_floating_features
from fbp.layers.norm import (
    NormParams,
    NormResiduals,
    affine,
    affine_factors,
    affine_vjp,
    project,
    statistics,
)


class BatchNormState(NamedTuple):
    """Running mean and variance, (features,) each."""

    mean: Float[Array, " features"]
    variance: Float[Array, " features"]


class FixedResiduals(NormResiduals):
    """Of evaluation, where the statistics do not depend on x; a type of its own tells the rules.

    mean, inverse_std: (features,).
    """


def batch_norm_forward(
    params: NormParams,
    state: BatchNormState,
    x: Float[Array, "*batch features"],
    ctx: Context,
    momentum: float,
    eps: float,
):
    """Training: each feature to mean 0 and variance 1 over the batch and all places, and the
    running statistics move to momentum old + (1 - momentum) new; evaluation: by the running ones.
    """
    if not ctx.train:
        fixed = FixedResiduals(x, state.mean, lax.rsqrt(state.variance + eps))
        return affine(params, fixed.xhat), state, fixed
    res, variance = statistics(x, _batch_axes(x), eps, centre=True)
    n = x.size // x.shape[-1]
    unbiased = variance.reshape(-1) * (n / max(1, n - 1))
    state = BatchNormState(
        momentum * state.mean + (1 - momentum) * res.mean.reshape(-1).astype(state.mean.dtype),
        momentum * state.variance + (1 - momentum) * unbiased.astype(state.variance.dtype),
    )
    return affine(params, res.xhat), state, res


def batch_norm_jvp(
    params: NormParams, res: NormResiduals | FixedResiduals, tparams: NormParams, tx
):
    """ty = scale r P tx + tscale xhat + tbias; P = 1 where the statistics are fixed."""
    return params.scale * _through(res, tx) + affine(tparams, res.xhat)


def batch_norm_vjp(params: NormParams, res: NormResiduals | FixedResiduals, dy):
    """dx = r P (scale dy): the statistics' own dependence on x is in P."""
    return affine_vjp(params, res.xhat, dy), _through(res, params.scale * dy)


def batch_norm_factors(params: NormParams, res: NormResiduals | FixedResiduals, dy):
    """As batch_norm_vjp in evaluation. In training an example has no gradient of its own."""
    if not isinstance(res, FixedResiduals):
        raise LayerError(
            "batch_norm couples the examples of a batch in training, so that none has a gradient "
            "of its own: use group_norm or layer_norm, or Context(train=False)"
        )
    return affine_factors(params, res.xhat, dy), _through(res, params.scale * dy)


def batch_norm(momentum: float = 0.9, eps: float = 1e-5) -> Layer:
    """Normalises each feature over all axes but the last; state: BatchNormState.

    Couples the examples of a batch in training. Source: Ioffe & Szegedy 2015, algorithms 1 and 2.
    Raises LayerError, at init, for an integer input or one without a batch.
    """

    def init(key, x):
        require_floating_features("batch_norm", x)
        if x.ndim < 2:
            raise LayerError(f"batch_norm takes (batch, ..., features), got {list(x.shape)}")
        ones, zeros = jnp.ones(x.shape[-1:], x.dtype), jnp.zeros(x.shape[-1:], x.dtype)
        return NormParams(ones, zeros), BatchNormState(zeros, ones)

    def forward(params, state, x, ctx):
        return batch_norm_forward(params, state, x, ctx, momentum, eps)

    return Layer(
        "batch_norm", init, forward, batch_norm_jvp, batch_norm_vjp, factors=batch_norm_factors
    )


def _batch_axes(x: Array) -> tuple[int, ...]:
    return tuple(range(x.ndim - 1))


def _through(res: NormResiduals | FixedResiduals, t: Array) -> Array:
    """r P t in training, r t in evaluation."""
    if isinstance(res, FixedResiduals):
        return (res.inverse_std * t).astype(t.dtype)
    return project(res, t, _batch_axes(t))
