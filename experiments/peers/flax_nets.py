"""The benchmark's nets as users of Flax NNX write them, and where the case has their parameters."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx
from layout import Place, Places
from protocol import Given


def kernel(name: str, path: str, block: int | None = None) -> Places:
    """Of a layer whose weight has our layout and is called kernel."""
    return {
        f"{name}.kernel": Place(f"{path}.weight", block),
        f"{name}.bias": Place(f"{path}.bias", block),
    }


def norm(name: str, path: str, block: int | None = None) -> Places:
    return {f"{name}.{field}": Place(f"{path}.{field}", block) for field in ("scale", "bias")}


class Mlp(nnx.Module):
    def __init__(self, given: Given, rngs: nnx.Rngs):
        widths = [given.inputs[0].size, *given.config.model.widths]
        pairs = pairwise(widths)
        self.hidden = nnx.List(nnx.Linear(i, o, rngs=rngs) for i, o in pairs)
        self.output = nnx.Linear(widths[-1], given.config.bench.classes, rngs=rngs)

    def __call__(self, x):
        for layer in self.hidden:
            x = nnx.relu(layer(x))
        return self.output(x)

    def places(self) -> Places:
        places = kernel("output", "output")
        for i in range(len(self.hidden)):
            places |= kernel(f"hidden.{i}", f"dense{i + 1}")
        return places


class Lenet(nnx.Module):
    """On (batch, 28, 28)."""

    def __init__(self, given: Given, rngs: nnx.Rngs):
        model = given.config.model
        (first, second), size = model.features, (model.kernel, model.kernel)
        side = ((given.inputs.shape[1] - model.kernel + 1) // 2 - model.kernel + 1) // 2
        self.conv1 = nnx.Conv(1, first, size, padding="VALID", rngs=rngs)
        self.conv2 = nnx.Conv(first, second, size, padding="VALID", rngs=rngs)
        self.max_pool = partial(nnx.max_pool, window_shape=(2, 2), strides=(2, 2))
        self.dense = nnx.Linear(side * side * second, model.hidden, rngs=rngs)
        self.output = nnx.Linear(model.hidden, given.config.bench.classes, rngs=rngs)

    def __call__(self, x):
        x = self.max_pool(nnx.relu(self.conv1(x[..., None])))
        x = self.max_pool(nnx.relu(self.conv2(x)))
        return self.output(nnx.relu(self.dense(x.reshape(x.shape[0], -1))))

    def places(self) -> Places:
        names = ("conv1", "conv2", "dense", "output")
        return {k: v for name in names for k, v in kernel(name, name).items()}


class Block(nnx.Module):
    def __init__(self, model, rngs: nnx.Rngs):
        features = model.features
        self.norm1 = nnx.LayerNorm(features, epsilon=1e-5, rngs=rngs)
        self.qkv = nnx.Linear(features, 3 * features, rngs=rngs)
        self.projection = nnx.Linear(features, features, rngs=rngs)
        self.norm2 = nnx.LayerNorm(features, epsilon=1e-5, rngs=rngs)
        self.up = nnx.Linear(features, 4 * features, rngs=rngs)
        self.down = nnx.Linear(4 * features, features, rngs=rngs)
        self.heads, self.approximate = model.heads, model.approximate_gelu

    def __call__(self, x):
        qkv = jnp.split(self.qkv(self.norm1(x)), 3, axis=-1)
        q, k, v = (a.reshape(*x.shape[:2], self.heads, -1) for a in qkv)
        mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(mixed.reshape(x.shape))
        up = nnx.gelu(self.up(self.norm2(x)), approximate=self.approximate)
        return x + self.down(up)


class Gpt(nnx.Module):
    """On ids (batch, length); the head is the embedding's table."""

    def __init__(self, given: Given, rngs: nnx.Rngs):
        model, classes = given.config.model, given.config.bench.classes
        # Unlike other layers, an Embed computes in the dtype that it was made with.
        embed = partial(nnx.Embed, param_dtype=given.params["table"].dtype, rngs=rngs)
        self.tokens = embed(classes, model.features)
        self.positions = embed(given.inputs.shape[1], model.features)
        self.blocks = nnx.List(Block(model, rngs) for _ in range(model.depth))
        self.norm = nnx.LayerNorm(model.features, epsilon=1e-5, rngs=rngs)

    def __call__(self, ids):
        x = self.tokens(ids) + self.positions(jnp.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.tokens.attend(self.norm(x))

    def places(self) -> Places:
        places = {
            "tokens.embedding": Place("table"),
            "positions.embedding": Place("trunk.positions.table"),
            **norm("norm", "trunk.norm"),
        }
        for i in range(len(self.blocks)):
            block, path = f"blocks.{i}", "trunk.blocks"
            places |= norm(f"{block}.norm1", f"{path}.attention.norm", i)
            places |= kernel(f"{block}.qkv", f"{path}.attention.attention.qkv", i)
            places |= kernel(f"{block}.projection", f"{path}.attention.attention.output", i)
            places |= norm(f"{block}.norm2", f"{path}.mlp.norm", i)
            places |= kernel(f"{block}.up", f"{path}.mlp.mlp.up", i)
            places |= kernel(f"{block}.down", f"{path}.mlp.mlp.down", i)
        return places
