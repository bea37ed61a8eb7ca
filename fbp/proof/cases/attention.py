"""Attention under every mask, on sequences that end in a ragged block; and rotary positions."""

import jax
import jax.numpy as jnp

from fbp.layers import attention, rotary
from fbp.layers.attention import Masked
from fbp.proof.cases.case import Case, Draw, normal


def masked(batch: int, length: int, features: int, *, keep: bool, segments: bool) -> Draw:
    """A sequence with masks; with `keep`, the last example is all padding."""

    def draw(key, dtype):
        x = normal(batch, length, features)(key, dtype)
        visible = jax.random.bernoulli(key, 0.7, (batch, length)).at[-1].set(False)
        ids = jnp.sort(jax.random.randint(key, (batch, length), 0, 3), axis=-1)
        return Masked(x, visible if keep else None, ids if segments else None)

    return draw


x = normal(2, 5, 8)
CASES = (
    Case("attention", attention(2), x),
    Case("attention/blocks", attention(2, block=2), x),
    Case("attention/causal", attention(2, causal=True, block=3), x),
    Case("attention/grouped", attention(4, kv_heads=2, causal=True), x),
    Case("attention/window", attention(2, causal=True, window=2, block=2), x),
    Case("attention/soft_cap", attention(2, soft_cap=0.5, block=2), x),
    Case("attention/rotary", attention(2, causal=True, rotary_base=100.0), x),
    Case("attention/no_bias", attention(1, use_bias=False), x),
    Case("attention/keep", attention(2, block=2), masked(3, 5, 4, keep=True, segments=False)),
    Case(
        "attention/segments",
        attention(2, causal=True, soft_cap=2.0, block=2),
        masked(3, 5, 4, keep=True, segments=True),
    ),
    Case("attention/length1", attention(2, causal=True), normal(2, 1, 4)),
    Case("rotary", rotary(), normal(2, 3, 5, 4)),
)
