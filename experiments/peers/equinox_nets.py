"""The benchmark's nets as Equinox users write them, and where the case has their parameters."""

from __future__ import annotations

from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from layout import Place, Places, conv, linear, norm
from protocol import Given


class Mlp(eqx.Module):
    hidden: list[eqx.nn.Linear]
    output: eqx.nn.Linear

    def __init__(self, given: Given, key):
        keys = jax.random.split(key, len(given.config.model.widths) + 1)
        widths = [given.inputs[0].size, *given.config.model.widths]
        pairs = zip(pairwise(widths), keys[1:], strict=True)
        self.hidden = [eqx.nn.Linear(i, o, key=k) for (i, o), k in pairs]
        self.output = eqx.nn.Linear(widths[-1], given.config.bench.classes, key=keys[0])

    def __call__(self, x):
        for layer in self.hidden:
            x = jax.nn.relu(layer(x))
        return self.output(x)

    def places(self) -> Places:
        places = linear("output", "output")
        for i in range(len(self.hidden)):
            places |= linear(f"hidden.{i}", f"dense{i + 1}")
        return places


class Lenet(eqx.Module):
    """On an image (28, 28)."""

    conv1: eqx.nn.Conv2d
    conv2: eqx.nn.Conv2d
    pool: eqx.nn.MaxPool2d
    dense: eqx.nn.Linear
    output: eqx.nn.Linear

    def __init__(self, given: Given, key):
        k1, k2, k3, k4 = jax.random.split(key, 4)
        model = given.config.model
        (first, second), kernel = model.features, model.kernel
        side = ((given.inputs.shape[1] - kernel + 1) // 2 - kernel + 1) // 2
        self.conv1 = eqx.nn.Conv2d(1, first, kernel, key=k1)
        self.conv2 = eqx.nn.Conv2d(first, second, kernel, key=k2)
        self.pool = eqx.nn.MaxPool2d(2, 2)
        self.dense = eqx.nn.Linear(side * side * second, model.hidden, key=k3)
        self.output = eqx.nn.Linear(model.hidden, given.config.bench.classes, key=k4)

    def __call__(self, x):
        x = self.pool(jax.nn.relu(self.conv1(x[None])))
        x = self.pool(jax.nn.relu(self.conv2(x)))
        return self.output(jax.nn.relu(self.dense(x.reshape(-1))))

    def places(self) -> Places:
        # Ours flattens (height, width, channels), Equinox (channels, height, width).
        channels, width = self.conv2.out_channels, self.dense.out_features
        side = round((self.dense.in_features / channels) ** 0.5)
        flat = Place("dense.weight", axes=(3, 2, 0, 1), split=(side, side, channels, width))
        return {
            **conv("conv1", "conv1"),
            **conv("conv2", "conv2"),
            **linear("dense", "dense"),
            "dense.weight": flat,
            **linear("output", "output"),
        }


class Block(eqx.Module):
    """On a sequence (length, features)."""

    norm1: eqx.nn.LayerNorm
    qkv: eqx.nn.Linear
    projection: eqx.nn.Linear
    norm2: eqx.nn.LayerNorm
    up: eqx.nn.Linear
    down: eqx.nn.Linear
    heads: int
    approximate: bool

    def __init__(self, model, key):
        k1, k2, k3, k4 = jax.random.split(key, 4)
        features = model.features
        self.norm1, self.norm2 = eqx.nn.LayerNorm(features), eqx.nn.LayerNorm(features)
        self.qkv = eqx.nn.Linear(features, 3 * features, key=k1)
        self.projection = eqx.nn.Linear(features, features, key=k2)
        self.up = eqx.nn.Linear(features, 4 * features, key=k3)
        self.down = eqx.nn.Linear(4 * features, features, key=k4)
        self.heads, self.approximate = model.heads, model.approximate_gelu

    def __call__(self, x):
        qkv = jax.vmap(self.qkv)(jax.vmap(self.norm1)(x))
        q, k, v = (a.reshape(len(x), self.heads, -1) for a in jnp.split(qkv, 3, axis=-1))
        mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + jax.vmap(self.projection)(mixed.reshape(x.shape))
        up = jax.vmap(self.up)(jax.vmap(self.norm2)(x))
        return x + jax.vmap(self.down)(jax.nn.gelu(up, approximate=self.approximate))


class Gpt(eqx.Module):
    """On ids (length,); the head is the embedding's table."""

    tokens: eqx.nn.Embedding
    positions: eqx.nn.Embedding
    blocks: list[Block]
    norm: eqx.nn.LayerNorm

    def __init__(self, given: Given, key):
        model, classes = given.config.model, given.config.bench.classes
        k1, k2, *keys = jax.random.split(key, 2 + model.depth)
        self.tokens = eqx.nn.Embedding(classes, model.features, key=k1)
        self.positions = eqx.nn.Embedding(given.inputs.shape[1], model.features, key=k2)
        self.blocks = [Block(model, k) for k in keys]
        self.norm = eqx.nn.LayerNorm(model.features)

    def __call__(self, ids):
        x = jax.vmap(self.tokens)(ids) + self.positions.weight[: len(ids)]
        for block in self.blocks:
            x = block(x)
        return jax.vmap(self.norm)(x) @ self.tokens.weight.T

    def places(self) -> Places:
        places = {
            "tokens.weight": Place("table"),
            "positions.weight": Place("trunk.positions.table"),
            **norm("norm", "trunk.norm"),
        }
        for i in range(len(self.blocks)):
            block, path = f"blocks.{i}", "trunk.blocks"
            places |= norm(f"{block}.norm1", f"{path}.attention.norm", i)
            places |= linear(f"{block}.qkv", f"{path}.attention.attention.qkv", i)
            places |= linear(f"{block}.projection", f"{path}.attention.attention.output", i)
            places |= norm(f"{block}.norm2", f"{path}.mlp.norm", i)
            places |= linear(f"{block}.up", f"{path}.mlp.mlp.up", i)
            places |= linear(f"{block}.down", f"{path}.mlp.mlp.down", i)
        return places
