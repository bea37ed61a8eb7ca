"""Many runs at once are the same runs as one at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp import Batch, Context, gradient, serial, supervised
from fbp.build import build_objective
from fbp.data import DataError
from fbp.layers import dense, tanh
from fbp.losses import softmax_cross_entropy
from fbp.metrics import accuracy
from fbp.train.ensemble import make_configured_run, make_run


def problem(n, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    return Batch(jnp.asarray(x), jnp.asarray(x.argmax(axis=1)))


def make(rate=0.3, **options):
    loss = softmax_cross_entropy()
    net = serial(dense(8), tanh(), dense(3))
    objective = supervised(net, loss, {"accuracy": accuracy(loss)})
    return make_run(objective, gradient(objective), optax.sgd(rate), **options)


def test_vmapped_runs_equal_single_runs_and_learn():
    run = make(epochs=4, batch_size=8)
    train, test = problem(67), problem(40, seed=1)
    keys = jax.random.split(jax.random.key(0), 3)
    states, curves = jax.jit(jax.vmap(run, in_axes=(0, None, None)))(keys, train, {"test": test})
    assert curves["test"]["accuracy"].shape == curves["train"]["loss"].shape == (3, 4)
    assert np.all(curves["test"]["accuracy"][:, -1] > 0.7)
    assert np.all(states.step == 4 * 8)  # the ragged ninth batch is dropped

    state, curve = jax.jit(run)(keys[1], train, {"test": test})
    np.testing.assert_allclose(curve["test"]["loss"], curves["test"]["loss"][1], rtol=1e-5)
    for one, many in zip(
        jax.tree.leaves(state.params), jax.tree.leaves(states.params), strict=True
    ):
        np.testing.assert_allclose(one, many[1], rtol=1e-4, atol=1e-6)


def test_the_first_batches_loss_is_measured_before_the_update_and_in_the_given_order():
    train = problem(6)
    run = jax.jit(make(epochs=1, batch_size=6, shuffle=False))
    untrained = jax.jit(make(epochs=0, batch_size=6))(jax.random.key(0), train, {})[0]
    _, curves = run(jax.random.key(0), train, {"after": train})
    objective = supervised(serial(dense(8), tanh(), dense(3)), softmax_cross_entropy())
    before = gradient(objective)(untrained.params, untrained.state, train, Context())
    np.testing.assert_allclose(curves["train"]["loss"], [before.loss], rtol=1e-6)
    assert curves["after"]["loss"][0] < before.loss


def test_shuffling_is_new_every_epoch():
    """A net that stands still has the loss of the examples its epoch did not drop."""

    def losses(shuffle):
        run = make(epochs=5, batch_size=6, shuffle=shuffle, rate=0.0)
        return jax.jit(run)(jax.random.key(0), problem(10), {})[1]["train"]["loss"]

    assert len(set(losses(shuffle=False).tolist())) == 1
    assert len(set(losses(shuffle=True).tolist())) == 5


def test_a_batch_larger_than_the_data_is_an_error():
    with pytest.raises(DataError, match="larger than the data: 6 training examples"):
        jax.eval_shape(make(epochs=1, batch_size=7), jax.random.key(0), problem(6), {})


def test_a_configured_run_is_the_one_made_by_hand(small_run):
    config = small_run(epochs=2, batch_size=8)
    train, test = problem(67), problem(40, seed=1)
    key = jax.random.key(1)
    _, found = jax.jit(make_configured_run(config, 3, 67))(key, train, {"test": test})
    _, _, objective = build_objective(config, 3)
    adam = optax.adam(config.optimizer.learning_rate)
    by_hand = make_run(objective, gradient(objective), adam, epochs=2, batch_size=8)
    _, expected = jax.jit(by_hand)(key, train, {"test": test})
    assert found["train"]["loss"][1] < found["train"]["loss"][0]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)
