from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Batch, Context, in_dtype, parallel, remat, repeat, residual, serial
from fbp.layer import elementwise, stateless
from fbp.layers import dense, dropout, tanh
from fbp.losses import softmax_cross_entropy
from fbp.observe import Observed, look, observable_params, observe, summary

KEY = jax.random.key(0)
NET = serial(
    stem=dense(6),
    blocks=repeat(residual(serial(tanh(), dense(6))), 3),
    sides=parallel(dense(4), remat(serial(dense(4), dropout(0.5)))),
    head=in_dtype(dense(3), "bfloat16"),
)
LOSS = softmax_cross_entropy()
X = jax.random.normal(KEY, (8, 5))
SPEC = jax.ShapeDtypeStruct(X.shape, X.dtype)
BATCH = Batch(X, jnp.arange(8) % 3)
PARAMS, STATE = jax.jit(lambda key: NET.init(key, SPEC))(KEY)
CTX = Context(KEY)


def rms(a):
    return float(np.sqrt(np.mean(np.square(np.asarray(a, np.float64)))))


@pytest.fixture(scope="module")
def seen():
    return jax.jit(lambda *a: look(NET, LOSS, *a))(PARAMS, STATE, BATCH, CTX)


def test_observation_changes_no_arithmetic():
    watched = observe(NET)
    slotted = observable_params(watched, PARAMS, SPEC)

    @partial(jax.jit, static_argnums=0)
    def both_ways(net, params):
        y, _, res = net.forward(params, STATE, X, CTX)
        return y, *net.vjp(params, res, jnp.ones_like(y))

    y, dparams, dx = both_ways(NET, PARAMS)
    watched_y, watched_dparams, watched_dx = both_ways(watched, slotted)
    np.testing.assert_array_equal(y, watched_y)
    np.testing.assert_array_equal(dx, watched_dx)

    def plain(node):
        return node.value if isinstance(node, Observed) else node

    bare = jax.tree.map(plain, watched_dparams, is_leaf=lambda n: isinstance(n, Observed))
    jax.tree.map(np.testing.assert_array_equal, bare, dparams)


def test_signals_are_those_of_the_layers(seen):
    """Against the same net run by hand, layer by layer."""
    stem = PARAMS["stem"]
    x = X @ stem.weight + stem.bias
    assert float(seen.activation["stem",].rms) == pytest.approx(rms(x), rel=1e-5)
    blocks, outputs = PARAMS["blocks"], []
    for i in range(3):
        layer = jax.tree.map(lambda a, i=i: a[i], blocks)[1]
        outputs.append(jnp.tanh(x) @ layer.weight + layer.bias)
        x = x + outputs[-1]
    found = seen.activation["blocks", "f", "f", "1"].rms
    np.testing.assert_allclose(found, [rms(o) for o in outputs], rtol=1e-5)


def test_gradients_and_cotangents(seen):
    def value(params):
        y, _, _ = NET.forward(params, STATE, X, CTX)
        return LOSS.forward(y, BATCH.targets)[0]

    loss, grads = jax.jit(jax.value_and_grad(value))(PARAMS)
    assert float(seen.loss) == pytest.approx(float(loss), rel=1e-5)
    flat = jnp.concatenate([g.ravel() for g in jax.tree.leaves(grads["blocks"])])
    norm = float(seen.gradient["blocks", "f", "f", "1"])
    assert norm == pytest.approx(float(jnp.linalg.norm(flat)), rel=0.02)  # a bfloat16 head
    # The outputs' cotangent reaches the head as it left the loss, but rounded.
    head = seen.cotangent["head", "f"].rms
    assert float(head) == pytest.approx(float(seen.dloss.rms), rel=0.01)
    assert seen.cotangent["blocks", "f", "f", "1"].rms.shape == (3,)
    assert set(seen.parameter) == set(seen.gradient) < set(seen.cotangent)


def test_summary_is_plain_numbers_by_path(seen):
    rows = summary(jax.device_get(seen))
    assert set(rows["stem"]) == {"activation", "cotangent", "gradient", "parameter"}
    assert set(rows["blocks/f/f/0"]) == {"activation", "cotangent"}
    assert all(type(v) is float for row in rows.values() for v in row.values())
    expected = float(jnp.mean(seen.activation["blocks", "f", "f", "1"].rms))
    assert rows["blocks/f/f/1"]["activation"] == pytest.approx(expected)


def test_a_layer_without_vjp_is_seen_forward():
    square = stateless("square", lambda key, x: (), lambda params, x: (x * x, x))
    net = serial(square, dense(3))
    params, state = net.init(KEY, SPEC)
    seen = look(net, LOSS, params, state, BATCH, CTX)
    assert set(seen.activation) == {("0",), ("1",)}
    assert seen.dloss is None
    assert seen.cotangent == seen.gradient == {}


def test_finiteness_is_not_guessed_from_an_rms_that_overflows():
    huge = elementwise("huge", lambda x: (jnp.full_like(x, 1e30), jnp.zeros_like(x)))
    net = serial(huge, dense(3, weight_init=lambda k, s, d: jnp.zeros(s, d)))
    params, state = net.init(KEY, SPEC)
    activation = look(net, LOSS, params, state, BATCH, CTX).activation["0",]
    assert not jnp.isfinite(activation.rms)
    assert activation.finite
