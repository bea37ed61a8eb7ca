import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp import Batch, gradient, serial, supervised
from fbp.layers import dense, sigmoid
from fbp.losses import quadratic
from fbp.train import step as step_module
from fbp.train.optimizer import make_optimizer
from fbp.train.state import init_train_state
from fbp.train.step import all_finite, make_step, scan_ahead, scan_steps

OBJECTIVE = supervised(serial(dense(3), sigmoid()), quadratic())
KEY = jax.random.key(0)
INPUTS = jax.random.normal(KEY, (6, 4, 5))  # 6 batches of 4
TARGETS = jax.random.randint(KEY, (6, 4), 0, 3)


def ran(batches, average_decay=None, name="sgd", scan=scan_steps, **options):
    """The state after one dispatch of the optimizer over the batches, and its results."""
    optimizer = make_optimizer(name, optax.constant_schedule(0.5), **options)
    step = make_step(gradient(OBJECTIVE), optimizer, average_decay=average_decay)
    spec = jax.ShapeDtypeStruct(batches.inputs.shape[1:], jnp.float32)
    average = average_decay is not None
    state = init_train_state(OBJECTIVE, optimizer, KEY, spec, average=average)
    return jax.jit(scan(step, len(batches.inputs)))(state, batches)


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


OPTIMIZERS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"clip_norm": 1.0}),
    ("sgd", {"accumulate": 2}),
    ("adam", {}),
    ("rmsprop", {}),
    ("adagrad", {}),
    ("lion", {}),
]


@pytest.mark.parametrize("bad", [None, 0, 3, 5])
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_steps_taken_ahead_end_where_careful_ones_do(name, options, bad):
    """With an input that is not finite in one batch, and without."""
    inputs = INPUTS if bad is None else INPUTS.at[bad, 1, 2].set(jnp.inf)
    given = batches(6)._replace(inputs=inputs)
    careful, looked = ran(given, name=name, **options)
    ahead, found = ran(given, name=name, scan=scan_ahead, **options)
    assert int(ahead.step) == (6 if bad is None else bad)
    assert_close(ahead.params, careful.params)
    assert_close(ahead.opt_state, careful.opt_state)
    assert found.finite.tolist() == looked.finite.tolist()
    assert_close(found.loss[:bad], looked.loss[:bad])


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_a_gradient_that_is_not_finite_is_found_where_no_loss_tells(name, options):
    """The last step's: there is no loss after it, so the parameters or the state have to tell."""

    def grad_fn(params, state, batch, ctx):
        found = gradient(OBJECTIVE)(params, state, batch, ctx)
        poison = jnp.where(batch.targets[0] < 0, jnp.inf, 0.0)
        grads = jax.tree.map(lambda g: g.at[(0,) * g.ndim].add(poison), found.grads)
        return found._replace(grads=grads)

    given = batches(6)._replace(targets=TARGETS.at[5, 0].set(-1))
    optimizer = make_optimizer(name, optax.constant_schedule(0.5), **options)
    spec = jax.ShapeDtypeStruct((4, 5), jnp.float32)
    state = init_train_state(OBJECTIVE, optimizer, KEY, spec)
    step = make_step(grad_fn, optimizer)
    ahead, results = jax.jit(scan_ahead(step, 6))(state, given)
    assert bool(jnp.isfinite(results.loss).all())
    assert results.finite.tolist() == [True] * 5 + [False]
    assert int(ahead.step) == 5
    assert all_finite(ahead.params)


def test_large_nets_are_looked_at_each_step(monkeypatch):
    """They have no second copy of their state: what is compiled is scan_steps."""
    step = make_step(gradient(OBJECTIVE), optax.sgd(0.5))
    state = init_train_state(
        OBJECTIVE, optax.sgd(0.5), KEY, jax.ShapeDtypeStruct((4, 5), "float32")
    )

    def program(scan):
        return str(jax.make_jaxpr(scan(step, 6))(state, batches(6)))

    assert program(scan_ahead).count("scan[") == 2 * program(scan_steps).count("scan[")
    monkeypatch.setattr(step_module, "AHEAD_ENTRIES", 17)  # 18 parameters
    assert program(scan_ahead) == program(scan_steps)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_largest_numbers_are_finite_and_one_entry_that_is_not_is_found(dtype):
    largest = jnp.full((3, 2, 500), jnp.finfo(dtype).max, dtype)
    finite = jax.jit(all_finite)
    assert finite({"a": largest, "b": largest[0, 0], "c": largest[0, 0, 0]})
    for bad in (jnp.inf, -jnp.inf, jnp.nan):
        assert not finite({"a": largest.at[2, 1, 499].set(bad)})
        assert not finite({"a": largest, "b": largest[0, 0].at[0].set(bad)})
    assert not finite([largest.at[0, 0, 0].set(jnp.inf).at[0, 0, 1].set(-jnp.inf)])
