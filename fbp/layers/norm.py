"""Normalisation: y = scale xhat + bias, with xhat = (x - mean) / std over some axes.

All four layers share one linear map. For xhat = r (x - m), with m and r = 1/std functions of x,

    d xhat = r (t - mean(t) - xhat mean(t xhat)) =: r P t

and P is an orthogonal projection, P = P^T, so the same line serves jvp and vjp. Statistics are
taken in float32 or better. Residuals: x, which exists anyhow, and m and r, one number a group each:
to make xhat from them again costs less than to write it and to read it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.dense import require_floating_features
from fbp.layers.factors.factor import factored, wide
from fbp.layers.factors.rows import sum_of_places


class NormParams(NamedTuple):
    """scale, bias: (features,); bias is None for rms_norm."""

    scale: Float[Array, " features"]
    bias: Float[Array, " features"] | None


class NormResiduals(NamedTuple):
    """mean, inverse_std: x's shape with the normalised axes of length 1; mean: None for 0."""

    x: Float[Array, "*shape"]
    mean: Float[Array, "*groups"] | None
    inverse_std: Float[Array, "*groups"]

    @property
    def xhat(self) -> Float[Array, "*shape"]:
        """(x - mean) / std, in x's dtype."""
        wide = self.x.astype(jnp.promote_types(self.x.dtype, self.inverse_std.dtype))
        centred = wide if self.mean is None else wide - self.mean
        return (centred * self.inverse_std).astype(self.x.dtype)


def statistics(x: Float[Array, "*shape"], axes: tuple[int, ...], eps: float, centre: bool):
    """(NormResiduals, variance) over `axes`, which stay with length 1. Without `centre` the mean is
    taken for 0, and the variance is mean x^2."""
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = jnp.mean(wide, axes, keepdims=True) if centre else None
    variance = jnp.mean(jnp.square(wide if mean is None else wide - mean), axes, keepdims=True)
    return NormResiduals(x, mean, lax.rsqrt(variance + eps)), variance


def project(res: NormResiduals, t: Float[Array, "*shape"], axes: tuple[int, ...]):
    """r P t, with P t = t - mean(t) - xhat mean(t xhat); no mean(t) without a mean. Symmetric."""
    xhat, t_wide = (a.astype(res.inverse_std.dtype) for a in (res.xhat, t))
    along = xhat * jnp.mean(t_wide * xhat, axes, keepdims=True)
    if res.mean is not None:
        along = along + jnp.mean(t_wide, axes, keepdims=True)
    return (res.inverse_std * (t_wide - along)).astype(t.dtype)


def affine(params: NormParams, xhat: Float[Array, "*shape"]):
    """y = scale xhat + bias, over the last axis."""
    y = params.scale * xhat
    return y if params.bias is None else y + params.bias


def affine_vjp(params: NormParams, xhat, dy):
    """dscale = sum dy xhat, dbias = sum dy: sums over all axes but the last, in float32."""
    axes = tuple(range(dy.ndim - 1))
    wide = jnp.promote_types(dy.dtype, jnp.float32)
    dscale = jnp.sum(dy.astype(wide) * xhat.astype(wide), axes).astype(params.scale.dtype)
    if params.bias is None:
        return NormParams(dscale, None)
    return NormParams(dscale, jnp.sum(dy, axes, dtype=wide).astype(params.bias.dtype))


def affine_factors(params: NormParams, xhat, dy):
    """As affine_vjp, each sum over the places of one example."""
    dbias = None if params.bias is None else sum_of_places(dy)
    return factored(params, sum_of_places(wide(dy) * wide(xhat)), dbias)


def feature_norm_forward(
    params: NormParams, x: Float[Array, "*batch features"], eps: float, centre: bool
):
    """Each example's features to mean 0, if `centre`, and mean square 1; then scale and bias."""
    res, _ = statistics(x, (-1,), eps, centre)
    return affine(params, res.xhat), res


def feature_norm_jvp(params: NormParams, res: NormResiduals, tparams: NormParams, tx):
    """ty = scale r P tx + tscale xhat + tbias."""
    return params.scale * project(res, tx, (-1,)) + affine(tparams, res.xhat)


def feature_norm_vjp(params: NormParams, res: NormResiduals, dy, affine_rule=affine_vjp):
    """dx = r P (scale dy)."""
    return affine_rule(params, res.xhat, dy), project(res, params.scale * dy, (-1,))


def _feature_norm(name: str, eps: float, *, centre: bool) -> Layer:
    return stateless(
        name,
        _init_params(name, with_bias=centre),
        partial(feature_norm_forward, eps=eps, centre=centre),
        feature_norm_jvp,
        feature_norm_vjp,
        partial(feature_norm_vjp, affine_rule=affine_factors),
    )


def layer_norm(eps: float = 1e-5) -> Layer:
    """Normalises the last axis of each example by itself. Source: Ba et al. 2016, eq. 4."""
    return _feature_norm("layer_norm", eps, centre=True)


def rms_norm(eps: float = 1e-5) -> Layer:
    """Divides the last axis by its root mean square; no mean, no bias.

    Source: Zhang & Sennrich 2019, eq. 4.
    """
    return _feature_norm("rms_norm", eps, centre=False)


def group_norm_forward(
    params: NormParams, x: Float[Array, "batch *space features"], groups: int, eps: float
):
    """Each example's groups of adjacent features, over all places, to mean 0 and variance 1."""
    res, _ = statistics(_grouped(x, groups), (1, 3), eps, centre=True)
    return affine(params, res.xhat.reshape(x.shape)), res


def group_norm_jvp(params: NormParams, res: NormResiduals, tparams: NormParams, tx):
    """ty = scale r P tx + tscale xhat + tbias, with P over a group's places and features."""
    through = project(res, tx.reshape(res.x.shape), (1, 3)).reshape(tx.shape)
    return params.scale * through + affine(tparams, res.xhat.reshape(tx.shape))


def group_norm_vjp(params: NormParams, res: NormResiduals, dy, affine_rule=affine_vjp):
    """dx = r P (scale dy)."""
    g = (params.scale * dy).reshape(res.x.shape)
    dx = project(res, g, (1, 3)).reshape(dy.shape)
    return affine_rule(params, res.xhat.reshape(dy.shape), dy), dx


def group_norm(groups: int, eps: float = 1e-5) -> Layer:
    """Normalises groups of features of each example over its places. Source: Wu & He 2018, eq. 7.

    x: (batch, ..., features). Raises LayerError, at init, unless `groups` divides the features.
    """

    def init(key, x):
        if groups < 1 or x.ndim < 2 or x.shape[-1] % groups:
            raise LayerError(
                f"group_norm({groups}) takes (batch, ..., features) with features a multiple of "
                f"{groups}, got {list(x.shape)}"
            )
        return _init_params("group_norm", with_bias=True)(key, x)

    return stateless(
        f"group_norm({groups})",
        init,
        lambda params, x: group_norm_forward(params, x, groups, eps),
        group_norm_jvp,
        group_norm_vjp,
        partial(group_norm_vjp, affine_rule=affine_factors),
    )


def _grouped(x: Array, groups: int) -> Array:
    """(batch, ..., features) as (batch, places, groups, features of a group)."""
    places = x.size // max(1, x.shape[0] * x.shape[-1])
    return x.reshape(x.shape[0], places, groups, x.shape[-1] // groups)


def _init_params(name: str, *, with_bias: bool):
    def init(key: jax.Array, x: jax.ShapeDtypeStruct) -> NormParams:
        require_floating_features(name, x)
        bias = jnp.zeros(x.shape[-1:], x.dtype) if with_bias else None
        return NormParams(jnp.ones(x.shape[-1:], x.dtype), bias)

    return init
