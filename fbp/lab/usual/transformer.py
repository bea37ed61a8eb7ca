"""A GPT, its blocks one scan over stacked parameters."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jax import lax

EPS = 1e-5


def _layer_norm(params, x):
    mean = x.mean(-1, keepdims=True)
    variance = x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + EPS) * params.scale + params.bias


def _dense(params, x):
    return x @ params.weight + params.bias


def _block(params, x, heads, approximate_gelu):
    attention, mlp = params["attention"], params["mlp"]
    batch, length, features = x.shape
    qkv = _dense(attention["attention"].qkv, _layer_norm(attention["norm"], x))
    q, k, v = (
        a.reshape(batch, length, heads, features // heads) for a in jnp.split(qkv, 3, axis=-1)
    )
    mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
    x = x + _dense(attention["attention"].output, mixed.reshape(x.shape))
    up = _dense(mlp["mlp"]["up"], _layer_norm(mlp["norm"], x))
    return x + _dense(mlp["mlp"]["down"], jax.nn.gelu(up, approximate=approximate_gelu))


def gpt_loss(
    params, state, batch, *, heads: int, approximate_gelu: bool, dtype: str, remat: bool = False
):
    """Computed in `dtype`, the loss in float32; the head is the embedding's table or its own."""
    cast = jax.tree.map(lambda p: p.astype(dtype), params)
    if hasattr(cast, "table"):
        table, trunk, head = cast.table, cast.trunk, cast.table.T
    else:
        table, trunk = cast["body"]["tokens"].table, cast["body"]["trunk"]
        head = cast["head"].weight
    x = table[batch.inputs] + trunk["positions"].table[: batch.inputs.shape[1]]

    def block(x, block_params):
        return _block(block_params, x, heads, approximate_gelu), None

    x, _ = lax.scan(jax.checkpoint(block) if remat else block, x, trunk["blocks"])
    logits = (_layer_norm(trunk["norm"], x) @ head).astype(jnp.float32)
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch.targets).mean(), state
