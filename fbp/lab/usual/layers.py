"""Single layers as usual JAX code has them: f(params, x) on the parameters of fbp's own layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from fbp import layers
from fbp.layer import Layer

EPS = 1e-5


class LayerCase(NamedTuple):
    """A layer, the usual code for it, and the shapes of x at which both are timed; tokens: x holds
    so many kinds of integers."""

    name: str
    layer: Layer
    usual: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    tokens: int | None = None


def _dense(params, x):
    return x @ params.weight + params.bias


def _conv(stride, padding):
    def usual(params, x):
        numbers = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(
            x, params.weight, (stride, stride), padding, dimension_numbers=numbers
        )
        return y + params.bias

    return usual


def _pool(initial, reduce, size, stride):
    def usual(params, x):
        y = lax.reduce_window(
            x, initial, reduce, (1, size, size, 1), (1, stride, stride, 1), "VALID"
        )
        return y / size**2 if reduce is lax.add else y

    return usual


def _layer_norm(params, x):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + EPS) * params.scale + params.bias


def _rms_norm(params, x):
    return x * lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + EPS) * params.scale


def _group_norm(params, x):
    grouped = x.reshape(x.shape[0], -1, 8, x.shape[-1] // 8)
    mean, variance = grouped.mean((1, 3), keepdims=True), grouped.var((1, 3), keepdims=True)
    y = ((grouped - mean) * lax.rsqrt(variance + EPS)).reshape(x.shape)
    return y * params.scale + params.bias


def _batch_norm(params, x):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return (x - mean) * lax.rsqrt(variance + EPS) * params.scale + params.bias


def _attention(heads):
    def usual(params, x):
        qkv = _dense(params.qkv, x)
        q, k, v = (a.reshape(*x.shape[:2], heads, -1) for a in jnp.split(qkv, 3, axis=-1))
        mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        return _dense(params.output, mixed.reshape(x.shape))

    return usual


def _swiglu(params, x):
    gate, value = jnp.split(_dense(params, x), 2, axis=-1)
    return jax.nn.silu(gate) * value


def _maxout(params, x):
    z = _dense(params, x)
    return z.reshape(*z.shape[:-1], -1, 2).max(-1)


def _scanned(step, carries):
    def usual(params, x):
        zeros = jnp.zeros((x.shape[0], params.weight_h.shape[0]), x.dtype)

        def one(carry, x):
            carry = step(params, carry, x)
            return carry, carry[0]

        return lax.scan(one, (zeros,) * carries, x.swapaxes(0, 1))[1].swapaxes(0, 1)

    return usual


def _rnn_step(p, carry, x):
    return (jnp.tanh(x @ p.weight_x + carry[0] @ p.weight_h + p.bias),)


def _lstm_step(p, carry, x):
    h, c = carry
    i, f, g, o = jnp.split(x @ p.weight_x + h @ p.weight_h + p.bias, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _gru_step(p, carry, x):
    (h,) = carry
    xr, xu, xn = jnp.split(x @ p.weight_x + p.bias, 3, axis=-1)
    hr, hu, hn = jnp.split(h @ p.weight_h + p.bias_h, 3, axis=-1)
    r, u = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xu + hu)
    return ((1 - u) * jnp.tanh(xn + r * hn) + u * h,)


def _plain(function):
    return lambda params, x: function(x)


IMAGES = ((16, 28, 28, 8), (64, 16, 16, 32), (64, 28, 28, 32))
ROWS = ((128, 64), (768, 128), (2048, 512))
SEQUENCES = ((16, 32, 64), (32, 64, 128), (32, 64, 256))
ATTENDED = ((12, 64, 128), (4, 256, 128), (2, 1024, 256))
TOKENS = ((32, 16), (12, 64), (64, 128))

LAYERS = (
    LayerCase("dense", layers.dense(256), _dense, ROWS),
    LayerCase("maxout", layers.maxout(128, 2), _maxout, ROWS),
    LayerCase("swiglu", layers.swiglu(256), _swiglu, ROWS),
    LayerCase("relu", layers.relu(), _plain(jax.nn.relu), ROWS),
    LayerCase("sigmoid", layers.sigmoid(), _plain(jax.nn.sigmoid), ROWS),
    LayerCase("tanh", layers.tanh(), _plain(jnp.tanh), ROWS),
    LayerCase("softplus", layers.softplus(), _plain(jax.nn.softplus), ROWS),
    LayerCase("silu", layers.silu(), _plain(jax.nn.silu), ROWS),
    LayerCase("elu", layers.elu(), _plain(jax.nn.elu), ROWS),
    LayerCase("gelu(tanh)", layers.gelu(True), _plain(jax.nn.gelu), ROWS),
    LayerCase(
        "gelu(erf)", layers.gelu(), _plain(lambda x: jax.nn.gelu(x, approximate=False)), ROWS
    ),
    LayerCase("softmax", layers.softmax(), _plain(jax.nn.softmax), ROWS),
    LayerCase("layer_norm", layers.layer_norm(), _layer_norm, ROWS),
    LayerCase("rms_norm", layers.rms_norm(), _rms_norm, ROWS),
    LayerCase("group_norm", layers.group_norm(8), _group_norm, IMAGES),
    LayerCase("batch_norm", layers.batch_norm(), _batch_norm, IMAGES),
    LayerCase("conv 3x3", layers.conv(32, (3, 3)), _conv(1, "SAME"), IMAGES),
    LayerCase("conv 3x3 / 2", layers.conv(32, (3, 3), stride=2), _conv(2, "SAME"), IMAGES),
    LayerCase("conv 5x5", layers.conv(32, (5, 5), padding="VALID"), _conv(1, "VALID"), IMAGES),
    LayerCase("conv 1x1", layers.conv(32, (1, 1)), _conv(1, "SAME"), IMAGES),
    LayerCase("max_pool 2x2", layers.max_pool((2, 2)), _pool(-jnp.inf, lax.max, 2, 2), IMAGES),
    LayerCase(
        "max_pool 3x3 / 2",
        layers.max_pool((3, 3), stride=2),
        _pool(-jnp.inf, lax.max, 3, 2),
        IMAGES,
    ),
    LayerCase("avg_pool 2x2", layers.avg_pool((2, 2)), _pool(0.0, lax.add, 2, 2), IMAGES),
    LayerCase("embedding", layers.embedding(512, 128), lambda p, x: p.table[x], TOKENS, 512),
    LayerCase("attention", layers.attention(4, causal=True), _attention(4), ATTENDED),
    LayerCase("rnn", layers.rnn(128), _scanned(_rnn_step, 1), SEQUENCES),
    LayerCase("lstm", layers.lstm(128), _scanned(_lstm_step, 2), SEQUENCES),
    LayerCase("gru", layers.gru(128), _scanned(_gru_step, 1), SEQUENCES),
)
