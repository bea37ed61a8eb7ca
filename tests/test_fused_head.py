"""A fused objective is the plain net's supervised one, on the same parameters, in less memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import compose, losses
from fbp.fused_head import fused_head, headed
from fbp.gradients import gradient
from fbp.layer import Context
from fbp.layers import dense, embedding, tanh
from fbp.losses.linear_cross_entropy import HeadOptions
from fbp.models.char_lstm import char_lstm, fused_char_lstm
from fbp.models.transformer import fused_gpt, gpt
from fbp.objective import Batch, supervised

V, LENGTH = 7, 4
PAIRS = {
    "char_lstm": (
        char_lstm(V, 3, 4, dropout_rate=0.3),
        lambda head: fused_char_lstm(V, 3, 4, dropout_rate=0.3, head=head),
    ),
    "gpt": (
        gpt(V, LENGTH, 1, 2, 4, tied=False, dropout_rate=0.3),
        lambda head: fused_gpt(V, LENGTH, 1, 2, 4, tied=False, dropout_rate=0.3, head=head),
    ),
    "gpt/tied": (
        gpt(V, LENGTH, 1, 2, 4, dropout_rate=0.3),
        lambda head: fused_gpt(V, LENGTH, 1, 2, 4, dropout_rate=0.3, head=head),
    ),
}


@pytest.mark.parametrize(("net", "fuse"), PAIRS.values(), ids=PAIRS)
def test_loss_and_gradient_are_those_of_the_plain_net(net, fuse):
    """Dropout included: both draw the same masks from the same key."""
    ids, labels = jax.random.randint(jax.random.key(0), (2, 3, LENGTH), 0, V)
    loss = losses.softmax_cross_entropy(label_smoothing=0.1, ignored_label=2)
    plain = supervised(net, loss)
    fused = fuse(HeadOptions(label_smoothing=0.1, ignored_label=2, chunk=5))
    shape = jax.ShapeDtypeStruct(ids.shape, ids.dtype)
    params, state = plain.init(jax.random.key(1), shape)
    same, _ = fused.init(jax.random.key(1), shape)
    jax.tree.map(np.testing.assert_array_equal, params, same)
    batch, ctx = Batch(ids, labels, jnp.array([1.0, 0.5, 2.0])), Context(jax.random.key(2))
    found, expected = (
        jax.jit(gradient(o, "backprop"))(params, state, batch, ctx) for o in (fused, plain)
    )
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-6)
    assert found.metrics == {}
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), found.grads, expected.grads
    )
    jax.tree.map(np.testing.assert_array_equal, found.state, expected.state)


def test_it_takes_less_memory_than_the_logits():
    vocabulary, tokens = 4096, 1024
    body = compose.serial(embedding(vocabulary, 8), dense(8), tanh())
    ids = jax.ShapeDtypeStruct((1, tokens), jnp.int32)
    fused = fused_head(body, vocabulary, HeadOptions(chunk=64))
    plain = supervised(headed(body, vocabulary), losses.softmax_cross_entropy())

    def temporary(objective):
        params, state = jax.eval_shape(lambda k: objective.init(k, ids), jax.random.key(0))
        program = jax.jit(lambda p, b: gradient(objective, "backprop")(p, state, b, Context()))
        compiled = program.lower(params, Batch(ids, ids)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    logits = 4 * vocabulary * tokens
    assert temporary(fused) < logits / 4
    assert temporary(plain) >= logits
