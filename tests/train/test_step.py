import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp import Batch, gradient, serial, supervised
from fbp.layers import dense, sigmoid
from fbp.losses import quadratic
from fbp.train.optimizer import make_optimizer
from fbp.train.state import init_train_state
from fbp.train.step import all_finite, make_step, scan_steps

OBJECTIVE = supervised(serial(dense(3), sigmoid()), quadratic())
KEY = jax.random.key(0)
INPUTS = jax.random.normal(KEY, (6, 4, 5))  # 6 batches of 4
TARGETS = jax.random.randint(KEY, (6, 4), 0, 3)


def ran(batches, average_decay=None, **options):
    """The state after one dispatch of sgd over the batches, and its results."""
    optimizer = make_optimizer("sgd", optax.constant_schedule(0.5), **options)
    step = make_step(gradient(OBJECTIVE), optimizer, average_decay=average_decay)
    spec = jax.ShapeDtypeStruct(batches.inputs.shape[1:], jnp.float32)
    average = average_decay is not None
    state = init_train_state(OBJECTIVE, optimizer, KEY, spec, average=average)
    return jax.jit(scan_steps(step, len(batches.inputs)))(state, batches)


def batches(k):
    """The same 24 examples in k batches."""
    return Batch(INPUTS.reshape(k, 24 // k, 5), TARGETS.reshape(k, 24 // k))


def first(k):
    return jax.tree.map(lambda a: a[:k], batches(6))


def assert_close(found, expected):
    def close(a, b):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)

    jax.tree.map(close, found, expected)


def test_accumulated_batches_equal_one_batch_their_average_included():
    """3 batches of 4 as one of 12, twice: parameters and their moving average."""
    small, _ = ran(batches(6), accumulate=3, average_decay=0.9)
    large, _ = ran(batches(2), average_decay=0.9)
    assert_close(small.params, large.params)
    assert_close(small.average, large.average)
    assert int(small.step) == 6


def test_the_average_is_exponential():
    """a_k = d^k w_0 + (1 - d) sum_i d^(k-i) w_i."""
    decay = 0.8
    path = [ran(first(k))[0].params for k in (1, 2, 3)]
    optimizer = make_optimizer("sgd", optax.constant_schedule(0.5))
    spec = jax.ShapeDtypeStruct((4, 5), jnp.float32)
    start = init_train_state(OBJECTIVE, optimizer, KEY, spec).params
    found, _ = ran(first(3), average_decay=decay)
    expected = jax.tree.map(
        lambda w0, w1, w2, w3: decay**3 * w0 + (1 - decay) * (decay**2 * w1 + decay * w2 + w3),
        start,
        *path,
    )
    assert_close(found.average, expected)


@pytest.mark.parametrize("bad", [0, 2, 5])
def test_the_state_stays_as_it_was_before_the_first_step_that_is_not_finite(bad):
    poisoned = batches(6)._replace(inputs=INPUTS.at[bad, 1, 2].set(jnp.nan))
    state, results = ran(poisoned)
    assert int(state.step) == bad
    assert results.finite.tolist()[: bad + 1] == [True] * bad + [False]
    if bad:
        expected, _ = ran(first(bad))
        assert_close(state.params, expected.params)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_largest_numbers_are_finite_and_one_entry_that_is_not_is_found(dtype):
    largest = jnp.full((3, 2, 500), jnp.finfo(dtype).max, dtype)
    finite = jax.jit(all_finite)
    assert finite({"a": largest, "b": largest[0, 0], "c": largest[0, 0, 0]})
    for bad in (jnp.inf, -jnp.inf, jnp.nan):
        assert not finite({"a": largest.at[2, 1, 499].set(bad)})
        assert not finite({"a": largest, "b": largest[0, 0].at[0].set(bad)})
    assert not finite([largest.at[0, 0, 0].set(jnp.inf).at[0, 0, 1].set(-jnp.inf)])
