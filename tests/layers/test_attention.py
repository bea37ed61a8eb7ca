"""Attention as a layer: jax.nn's, heads that share keys, masked sequences, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import attention
from fbp.layers.attention import Masked


def built(layer, x, seed=0):
    shape = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), x)
    params, _ = layer.init(jax.random.key(seed), shape)
    return jax.tree.map(lambda a: a + 0.1, params)  # biases that are not zero


def output(layer, params, x):
    return jax.jit(lambda x: layer.forward(params, (), x, Context())[0])(x)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_equals_jax_between_its_two_projections(x64, kv_heads):
    x = jax.random.normal(jax.random.key(1), (2, 7, 16))
    layer = attention(4, kv_heads=kv_heads, causal=True, block=3)
    params = built(layer, x)
    qkv = x @ params.qkv.weight + params.qkv.bias
    q, k, v = jnp.split(qkv.reshape(2, 7, -1, 4), [4, 4 + kv_heads], axis=2)
    mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(2, 7, 16)
    expected = mixed @ params.output.weight + params.output.bias
    np.testing.assert_allclose(output(layer, params, x), expected, atol=2e-6)  # float32 softmax


def test_a_padded_sequence_is_the_short_one(x64):
    x = jax.random.normal(jax.random.key(1), (1, 6, 8))
    layer = attention(2, block=4)
    params = built(layer, x)
    keep = jnp.arange(6)[None] < 4
    padded = output(layer, params, Masked(x, keep))
    np.testing.assert_allclose(padded[:, :4], output(layer, params, x[:, :4]), rtol=1e-12)


def test_segments_are_sequences_of_their_own(x64):
    x = jax.random.normal(jax.random.key(1), (1, 5, 8))
    layer = attention(2, causal=True, block=2)
    params = built(layer, x)
    packed = output(layer, params, Masked(x, None, jnp.array([[0, 0, 0, 1, 1]])))
    apart = [output(layer, params, part) for part in (x[:, :3], x[:, 3:])]
    np.testing.assert_allclose(packed, jnp.concatenate(apart, axis=1), rtol=1e-12)


def test_rotary_attention_sees_distances_only(x64):
    """The same tokens two places later attend as before: one context, moved."""
    x = jax.random.normal(jax.random.key(1), (1, 4, 8))
    layer = attention(2, rotary_base=100.0)
    params = built(layer, x)
    moved = jnp.concatenate([jnp.zeros((1, 2, 8)), x], axis=1)
    hidden = output(layer, params, Masked(moved, jnp.arange(6)[None] >= 2))
    np.testing.assert_allclose(hidden[:, 2:], output(layer, params, x), rtol=1e-10)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: attention(0), "heads >= 1"),
        (lambda: attention(4, kv_heads=3), "divide them"),
        (lambda: attention(2, window=3), "causal=True"),
        (lambda: built(attention(3), jnp.zeros((1, 2, 8))), "multiple of 3"),
        (lambda: built(attention(2, rotary_base=10.0), jnp.zeros((1, 2, 6))), "multiple of 4"),
        (lambda: built(attention(2), jnp.zeros((2, 8))), r"\[2, 8\]"),
        (lambda: built(attention(2), jnp.zeros((1, 2, 8), int)), "floating"),
    ],
)
def test_what_does_not_fit_is_refused(make, words):
    with pytest.raises(LayerError, match=words):
        make()
