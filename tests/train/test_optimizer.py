import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp.layers import dense, prelu
from fbp.layers.dense import DenseParams
from fbp.train.optimizer import decayed, make_optimizer

PARAMS = {
    "dense": DenseParams(jnp.array([[1.0, -2.0]]), jnp.array([3.0, 4.0])),
    "embedding": {"table": jnp.array([5.0])},
    "norm": {"scale": jnp.array([6.0]), "bias": None},
}
GRADS = jax.tree.map(lambda p: 0.1 * p + 0.5, PARAMS)


def updated(name, rate=0.1, **options):
    optimizer = make_optimizer(name, optax.constant_schedule(rate), **options)
    updates, _ = optimizer.update(GRADS, optimizer.init(PARAMS), PARAMS)
    return optax.apply_updates(PARAMS, updates)


def assert_same(found, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), found, expected)


def test_only_what_multiplies_is_decayed():
    mask = decayed(PARAMS)
    assert mask["dense"] == DenseParams(True, False)
    assert mask["embedding"]["table"]
    assert not mask["norm"]["scale"]
    spec = jax.ShapeDtypeStruct((2, 3), jnp.float32)
    assert not any(jax.tree.leaves(decayed(prelu().init(jax.random.key(0), spec)[0])))
    assert decayed(dense(2).init(jax.random.key(0), spec)[0]) == DenseParams(True, False)


def test_l2_shrinks_weights_as_nielsen_writes_it():
    """w <- (1 - eta lambda / n) w - eta grad; biases only follow the gradient. Eq. 93, 94."""
    eta, l2 = 0.5, 5.0 / 50
    expected = jax.tree.map(
        lambda p, g, m: (1 - eta * l2 * m) * p - eta * g, PARAMS, GRADS, decayed(PARAMS)
    )
    assert_same(updated("sgd", eta, l2=l2), expected)


@pytest.mark.parametrize("name", ["adamw", "lion"])
def test_decoupled_decay_spares_biases(name):
    rate, decay = 0.1, 0.3
    without, with_decay = (updated(name, rate, weight_decay=d) for d in (0.0, decay))
    expected = jax.tree.map(
        lambda p, q, m: q - rate * decay * p * m, PARAMS, without, decayed(PARAMS)
    )
    assert_same(with_decay, expected)


def test_clipping_bounds_the_global_norm_of_the_gradient_alone():
    norm = optax.global_norm(GRADS)
    expected = jax.tree.map(
        lambda p, g, m: p - g / norm - 0.2 * p * m, PARAMS, GRADS, decayed(PARAMS)
    )
    assert_same(updated("sgd", 1.0, clip_norm=1.0, l2=0.2), expected)
    assert_same(updated("sgd", 1.0, clip_norm=2 * float(norm)), updated("sgd", 1.0))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("adagrad", {"initial_accumulator_value": 0.2, "eps": 1e-6}),
        ("rmsprop", {"decay": 0.8, "eps": 1e-7}),
        ("adam", {"b1": 0.8, "b2": 0.9, "eps": 1e-7}),
    ],
)
def test_options_reach_optax(name, options):
    peer = getattr(optax, name)(0.1, **options)
    updates, _ = peer.update(GRADS, peer.init(PARAMS), PARAMS)
    assert_same(updated(name, **options), optax.apply_updates(PARAMS, updates))


def test_accumulated_gradients_are_averaged():
    optimizer = make_optimizer("sgd", optax.constant_schedule(1.0), accumulate=2)
    params, state = PARAMS, optimizer.init(PARAMS)
    for factor in (1.0, 3.0):
        grads = jax.tree.map(lambda g, f=factor: f * g, GRADS)
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        if factor == 1.0:
            assert_same(params, PARAMS)
    assert_same(params, jax.tree.map(lambda p, g: p - 2 * g, PARAMS, GRADS))
