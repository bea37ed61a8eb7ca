"""Convolution along one to three spatial axes: y = x * W + b, the kernel not reversed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.convolve import Geometry, convolve, pull_input, pull_kernel
from fbp.layers.dense import sum_rows
from fbp.layers.factors.factor import factored
from fbp.layers.factors.patches import Patches
from fbp.layers.factors.rows import sum_of_places
from fbp.layers.initializers import Initializer, lecun_normal, zeros
from fbp.layers.window import Padding, padding_for, require_fit, require_image, window_sizes


class ConvParams(NamedTuple):
    """weight: (*kernel, channels / groups, features). bias: (features,), or None without one."""

    weight: Float[Array, "*kernel inputs features"]
    bias: Float[Array, " features"] | None


def conv_forward(params: ConvParams, x: Float[Array, "batch *space channels"], at: Geometry):
    """y = x * W + b. y: (batch, *out, features). Residual: x."""
    y = convolve(x, params.weight, at)
    return (y if params.bias is None else y + params.bias), x


def conv_jvp(params: ConvParams, x, tparams: ConvParams, tx, at: Geometry):
    """ty = tx * W + x * tW + tb: the product rule."""
    ty = convolve(tx, params.weight, at) + convolve(x, tparams.weight, at)
    return ty if tparams.bias is None else ty + tparams.bias


def conv_vjp(params: ConvParams, x, dy, at: Geometry):
    """dW, dx: the two transposes of a convolution; db = sum dy over batch and space."""
    dweight = pull_kernel(x, dy, at, params.weight.shape[:-2])
    dbias = None if params.bias is None else sum_rows(dy.reshape(-1, dy.shape[-1]))
    dx = pull_input(dy, params.weight, at, x.shape[1:-1])
    return ConvParams(dweight, dbias), dx


def conv_factors(params: ConvParams, x, dy, at: Geometry):
    """As conv_vjp, example by example."""
    dbias = None if params.bias is None else sum_of_places(dy)
    dx = pull_input(dy, params.weight, at, x.shape[1:-1])
    return factored(params, Patches(x, dy, at, params.weight.shape[:-2]), dbias), dx


def conv(
    features: int,
    kernel_size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    use_bias: bool = True,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """A convolution on (batch, *space, channels); one entry of kernel_size a spatial axis.

    padding: "SAME" (out = ceil(n / stride), the odd entry above), "VALID" (none), or (below,
    above) for each axis. groups: the channels and the features fall into so many, each feature
    sees its group's channels. Sources: LeCun et al. 1989; Dumoulin & Visin 2016; groups:
    Krizhevsky et al. 2012, section 3.5.
    Raises LayerError for settings that make no sense and, at init, for an input that is not
    floating (batch, *space, channels), channels that do not divide into the groups, and a kernel
    that reaches over the padded input's end.
    """
    kernel = window_sizes("conv", "kernel_size", kernel_size, len(kernel_size))
    strides = window_sizes("conv", "stride", stride, len(kernel))
    dilations = window_sizes("conv", "dilation", dilation, len(kernel))
    if min(features, groups) < 1 or features % groups:
        raise LayerError(
            f"conv needs features >= 1 that divide into groups >= 1, got {features} and {groups}"
        )

    def at(space: Sequence[int]) -> Geometry:
        pads = padding_for("conv", padding, space, kernel, strides, dilations)
        return Geometry(strides, pads, dilations, groups)

    def init(key, x):
        require_image("conv", x, len(kernel))
        channels = x.shape[-1]
        if channels % groups:
            raise LayerError(f"conv: {channels} channels do not divide into {groups} groups")
        space = x.shape[1:-1]
        require_fit("conv", space, kernel, at(space).padding, dilations)
        weight_key, bias_key = jax.random.split(key)
        weight = weight_init(weight_key, (*kernel, channels // groups, features), x.dtype)
        return ConvParams(weight, bias_init(bias_key, (features,), x.dtype) if use_bias else None)

    def forward(params, x):
        return conv_forward(params, x, at(x.shape[1:-1]))

    def jvp(params, x, tparams, tx):
        return conv_jvp(params, x, tparams, tx, at(x.shape[1:-1]))

    def vjp(params, x, dy):
        return conv_vjp(params, x, dy, at(x.shape[1:-1]))

    def factors(params, x, dy):
        return conv_factors(params, x, dy, at(x.shape[1:-1]))

    size = "x".join(map(str, kernel))
    return stateless(f"conv({features}, {size})", init, forward, jvp, vjp, factors)
