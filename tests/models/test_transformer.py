"""Transformers: known sizes, causality, and a depth that costs no compilation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context
from fbp.models.transformer import gpt, gpt2_124m, nano_gpt_cpu, vit

IDS = jax.ShapeDtypeStruct((1, 4), jnp.int32)


def parameters(net, x):
    params, _ = jax.eval_shape(lambda key: net.init(key, x), jax.random.key(0))
    return sum(a.size for a in jax.tree.leaves(params))


def test_the_sizes_are_those_of_the_originals():
    assert parameters(gpt2_124m(), IDS) == 124_439_808
    # nanoGPT prints 0.80M without positions, 65 x 128 + 4 blocks + 2 x 128, and it has no biases.
    assert parameters(nano_gpt_cpu(), IDS) == 65 * 128 + 64 * 128 + 4 * 198_272 + 256
    image = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    assert parameters(vit(1000, 224, 16, 12, 12, 768), image) == 86_567_656  # timm's ViT-B/16


@pytest.mark.parametrize("rotary", [False, True])
def test_no_place_sees_the_ones_after_it(rotary):
    net = gpt(5, 6, 2, 2, 8, rotary=rotary)
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 6), jnp.int32))
    read = jax.jit(lambda ids: net.forward(params, state, ids, Context())[0])
    ids = jnp.array([[0, 1, 2, 3, 4, 0]])
    before, after = read(ids), read(ids.at[0, 3].set(1))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).any(axis=-1).all()


def test_a_new_model_knows_nothing_yet():
    """Small initial logits: the loss starts at the logarithm of the vocabulary."""
    net = nano_gpt_cpu()
    ids = jax.random.randint(jax.random.key(0), (2, 64), 0, 65)
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct(ids.shape, ids.dtype))
    logits = jax.jit(lambda ids: net.forward(params, state, ids, Context())[0])(ids)
    entropy = -jax.nn.log_softmax(logits)[:, :-1].mean()
    np.testing.assert_allclose(entropy, np.log(65), atol=0.1)


def test_what_writes_to_the_stream_starts_smaller_the_deeper_the_net():
    def spread(depth):
        params, _ = gpt(5, 4, depth, 2, 64).init(jax.random.key(0), IDS)
        block = params.trunk["blocks"]
        writes = block["attention"]["attention"].output.weight, block["mlp"]["mlp"]["down"].weight
        return [float(w.std()) for w in writes]

    np.testing.assert_allclose(spread(2), 0.01, rtol=0.05)
    np.testing.assert_allclose(spread(8), 0.005, rtol=0.05)


def test_depth_adds_nothing_to_the_program():
    def size(depth):
        net = gpt(5, 4, depth, 2, 8)
        params, state = jax.eval_shape(lambda key: net.init(key, IDS), jax.random.key(0))

        def both(params, ids):
            y, _, res = net.forward(params, state, ids, Context())
            return net.vjp(params, res, y)

        return str(jax.make_jaxpr(both)(params, IDS)).count(" = ")

    assert size(2) == size(12)


def test_a_vit_sees_every_patch():
    net = vit(3, 4, 2, 1, 2, 8)
    x = jax.random.normal(jax.random.key(0), (1, 4, 4, 2))
    params, state = net.init(jax.random.key(1), jax.ShapeDtypeStruct(x.shape, x.dtype))

    @jax.jit
    def slopes(x):
        y, _, res = net.forward(params, state, x, Context())
        return net.vjp(params, res, jnp.ones_like(y))[1]

    assert slopes(x).all()
