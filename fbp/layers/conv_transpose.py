"""The transpose of a convolution, as a layer: upsampling with a learned kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.conv import ConvParams
from fbp.layers.convolve import Geometry, convolve, pull_input, pull_kernel
from fbp.layers.dense import sum_rows
from fbp.layers.factors.factor import factored
from fbp.layers.factors.patches import Patches
from fbp.layers.factors.rows import sum_of_places
from fbp.layers.initializers import Initializer, lecun_normal, zeros
from fbp.layers.window import Padding, padding_for, require_image, window_sizes


class Upsampling(NamedTuple):
    """at: of the convolution from y's shape to x's. space: y's spatial shape."""

    at: Geometry
    space: tuple[int, ...]


def conv_transpose_forward(
    params: ConvParams, x: Float[Array, "batch *space channels"], up: Upsampling
):
    """y = C^T x + b, C the convolution with W's channels and features exchanged. Residual: x."""
    y = pull_input(x, _conv_weight(params.weight), *up)
    return (y if params.bias is None else y + params.bias), x


def conv_transpose_jvp(params: ConvParams, x, tparams: ConvParams, tx, up: Upsampling):
    """ty = C^T tx + tC^T x + tb: the product rule."""
    ty = pull_input(tx, _conv_weight(params.weight), *up)
    ty += pull_input(x, _conv_weight(tparams.weight), *up)
    return ty if tparams.bias is None else ty + tparams.bias


def conv_transpose_vjp(params: ConvParams, x, dy, up: Upsampling):
    """dx = C dy: the transpose of a transpose. dW: as for C, with dy for its input, x for dy."""
    dweight = _conv_weight(pull_kernel(dy, x, up.at, params.weight.shape[:-2]))
    dbias = None if params.bias is None else sum_rows(dy.reshape(-1, dy.shape[-1]))
    return ConvParams(dweight, dbias), convolve(dy, _conv_weight(params.weight), up.at)


def conv_transpose_factors(params: ConvParams, x, dy, up: Upsampling):
    """As conv_transpose_vjp, example by example."""
    dbias = None if params.bias is None else sum_of_places(dy)
    dweight = Patches(dy, x, up.at, params.weight.shape[:-2], exchanged=True)
    return factored(params, dweight, dbias), convolve(dy, _conv_weight(params.weight), up.at)


def conv_transpose(
    features: int,
    kernel_size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    dilation: int | Sequence[int] = 1,
    use_bias: bool = True,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """The transpose of `conv` with these settings: it takes what that conv gives, and gives the
    shape that it takes; of several such shapes, n stride for "SAME", else the smallest,
    (n - 1) stride + dilation (kernel - 1) + 1 - padding. Also known as deconvolution.

    Sources: Zeiler et al. 2010; Dumoulin & Visin 2016, section 4.
    Raises LayerError as conv does, and, at init, for an output without a place.
    """
    kernel = window_sizes("conv_transpose", "kernel_size", kernel_size, len(kernel_size))
    strides = window_sizes("conv_transpose", "stride", stride, len(kernel))
    dilations = window_sizes("conv_transpose", "dilation", dilation, len(kernel))
    if features < 1:
        raise LayerError(f"conv_transpose needs features >= 1, got {features}")

    def up(space: Sequence[int]) -> Upsampling:
        out = tuple(n * s for n, s in zip(space, strides, strict=True))
        pads = padding_for("conv_transpose", padding, out, kernel, strides, dilations)
        if padding != "SAME":
            out = tuple(
                (n - 1) * s + d * (k - 1) + 1 - sum(pad)
                for n, s, k, d, pad in zip(space, strides, kernel, dilations, pads, strict=True)
            )
        return Upsampling(Geometry(strides, pads, dilations), out)

    def init(key, x):
        require_image("conv_transpose", x, len(kernel))
        out = up(x.shape[1:-1]).space
        if min(out) < 1:
            raise LayerError(
                f"conv_transpose: padding {padding} leaves an output {list(out)} of an input "
                f"{list(x.shape[1:-1])}"
            )
        weight_key, bias_key = jax.random.split(key)
        weight = weight_init(weight_key, (*kernel, x.shape[-1], features), x.dtype)
        bias = bias_init(bias_key, (features,), x.dtype) if use_bias else None
        return ConvParams(weight, bias)

    def forward(params, x):
        return conv_transpose_forward(params, x, up(x.shape[1:-1]))

    def jvp(params, x, tparams, tx):
        return conv_transpose_jvp(params, x, tparams, tx, up(x.shape[1:-1]))

    def vjp(params, x, dy):
        return conv_transpose_vjp(params, x, dy, up(x.shape[1:-1]))

    def factors(params, x, dy):
        return conv_transpose_factors(params, x, dy, up(x.shape[1:-1]))

    size = "x".join(map(str, kernel))
    return stateless(f"conv_transpose({features}, {size})", init, forward, jvp, vjp, factors)


def _conv_weight(w: Array) -> Array:
    """Channels and features exchanged."""
    return jnp.swapaxes(w, -2, -1)
