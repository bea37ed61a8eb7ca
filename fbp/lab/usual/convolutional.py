"""Convolutional nets on (batch, height, width[, channels])."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import optax
from jax import lax

MOMENTUM, EPS = 0.9, 1e-5  # of batch norm's running statistics; added to variances


def _conv(x, weight, stride=1, padding="SAME"):
    return lax.conv_general_dilated(
        x, weight, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _max_pool(x):
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def _cross_entropy(logits, targets):
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


def lenet_loss(params, state, batch, *, remat: bool = False):
    """Two convolutions with max-pooling, two dense layers."""

    def block(layer, x):
        return _max_pool(jax.nn.relu(_conv(x, layer.weight, padding="VALID") + layer.bias))

    if remat:
        block = jax.checkpoint(block)
    x = batch.inputs
    x = x.reshape(*x.shape[:3], -1)
    for name in ("conv1", "conv2"):
        x = block(params[name], x)
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ params["dense"].weight + params["dense"].bias)
    logits = x @ params["output"].weight + params["output"].bias
    return _cross_entropy(logits, batch.targets), state


def _batch_norm(params, state, x):
    mean = x.mean((0, 1, 2))
    variance = x.var((0, 1, 2))
    y = (x - mean) * lax.rsqrt(variance + EPS) * params.scale + params.bias
    count = x[..., 0].size
    moved = (
        MOMENTUM * state.mean + (1 - MOMENTUM) * mean,
        MOMENTUM * state.variance + (1 - MOMENTUM) * variance * count / (count - 1),
    )
    return y, type(state)(*moved)


def _normalised(params, state, x, kernel, stride=1):
    side = (kernel // 2, kernel // 2)
    x = _conv(x, params["conv"].weight, stride, (side, side))
    y, norm = _batch_norm(params["norm"], state["norm"], x)
    return y, {"conv": state["conv"], "norm": norm}


def _basic_block(params, state, x, stride=1):
    """relu(shortcut(x) + f(x))."""
    p, s = params["block"], state["block"]
    f, fs = (p["f"], s["f"]) if "shortcut" in p else (p, s)
    y, s1 = _normalised(f["conv1"], fs["conv1"], x, 3, stride)
    y, s2 = _normalised(f["conv2"], fs["conv2"], jax.nn.relu(y), 3)
    moved = {**fs, "conv1": s1, "conv2": s2}
    if "shortcut" in p:
        x, short = _normalised(p["shortcut"], s["shortcut"], x, 1, stride)
        moved = {**s, "f": moved, "shortcut": short}
    return jax.nn.relu(x + y), {**state, "block": moved}


def resnet20_loss(params, state, batch, *, remat: bool = False):
    """ResNet-20 with batch norm in training mode; the blocks of a stage, one after the other."""

    def wrapped(stride):
        block = partial(_basic_block, stride=stride)
        return jax.checkpoint(block) if remat else block

    new = dict(state)
    x, new["stem"] = _normalised(params["stem"], state["stem"], batch.inputs, 3)
    x = jax.nn.relu(x)
    for stage, stride in (("stage1", 1), ("stage2", 2), ("stage3", 2)):
        p, s = params[stage], state[stage]
        x, first = wrapped(stride)(p["first"], s["first"], x)
        rest = []
        for i in range(2):
            at = jax.tree.map(lambda a, i=i: a[i], (p["rest"], s["rest"]))
            x, moved = wrapped(1)(*at, x)
            rest.append(moved)
        stacked = jax.tree.map(lambda *a: jnp.stack(a), *rest)
        new[stage] = {"first": first, "rest": stacked}
    logits = x.mean((1, 2)) @ params["output"].weight + params["output"].bias
    return _cross_entropy(logits, batch.targets), new
