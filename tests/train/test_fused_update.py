"""Parameters updated inside the backward pass: the same numbers in less memory."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp import Batch, gradient, in_dtype, repeat, residual, reversible, serial, supervised
from fbp.compose import tied_embedding
from fbp.fused_head import fused_head, fused_tied_head
from fbp.gradients import GradientError
from fbp.lab.restricted import restricted
from fbp.layer import stateless
from fbp.layers import batch_norm, dense, dropout, embedding, tanh
from fbp.losses import quadratic, softmax_cross_entropy
from fbp.train.fused_update import make_fused_step
from fbp.train.optimizer import make_optimizer
from fbp.train.state import init_train_state
from fbp.train.step import make_step, scan_ahead, scan_steps

KEY = jax.random.key(0)
SCHEDULE = optax.exponential_decay(1e-2, 2, 0.5)
IDS = jax.random.randint(KEY, (3, 2, 4), 0, 5)  # 3 batches of 2
TEXT = Batch(IDS, jnp.roll(IDS, 1, axis=-1))
IMAGES = Batch(jax.random.normal(KEY, (3, 8, 5)), jax.random.randint(KEY, (3, 8), 0, 3))
BLOCK = residual(serial(dense(7, use_bias=False), batch_norm(), tanh(), dropout(0.2), dense(5)))


FLOW = reversible(serial(dense(3), tanh()), dropout(0.2))
TRUNK = serial(dense(4), tanh(), dense(4))


def chained(block, inputs, n=4, **save):
    net = serial(dense(inputs), repeat(block, n, **save), dense(3))
    return lambda dtype: (supervised(net, quadratic()), IMAGES)


def tied(dtype):
    return supervised(tied_embedding(5, 4, TRUNK, dtype=dtype), softmax_cross_entropy()), TEXT


OBJECTIVES = {
    "all": chained(BLOCK, 5),
    "inputs": chained(BLOCK, 5, save="inputs"),
    "every_k": chained(BLOCK, 5, save="every_k", every=2),
    "reversible": chained(FLOW, 6, save="reversible"),
    "tied table": tied,
    "fused head": lambda dtype: (fused_head(serial(embedding(5, 4, dtype=dtype), TRUNK), 5), TEXT),
    "fused tied head": lambda dtype: (fused_tied_head(TRUNK, 5, 4, dtype=dtype), TEXT),
}


def both(objective, optimizer, batches, average_decay=None):
    """The states after a dispatch of unfused and of fused steps, and their results."""
    inputs = jax.ShapeDtypeStruct(batches.inputs.shape[1:], batches.inputs.dtype)
    average = average_decay is not None
    state = init_train_state(objective, optimizer, KEY, inputs, average=average)
    steps = (
        make_step(gradient(objective), optimizer, average_decay=average_decay),
        make_fused_step(objective, optimizer, average_decay=average_decay),
    )
    k = len(batches.targets)
    return [jax.jit(scan_steps(step, k))(state, batches) for step in steps]


def test_steps_taken_ahead_find_a_gradient_that_the_fused_step_leaves_out():
    """sqrt |x| at 0: the loss is finite, its gradient is not, and the step takes the rest of it."""
    root = stateless(
        "root",
        lambda key, x: (),
        lambda params, x: (jnp.sqrt(jnp.abs(x)), x),
        lambda params, x, tparams, tx: 0.5 * jnp.sign(x) / jnp.sqrt(jnp.abs(x)) * tx,
        lambda params, x, dy: ((), 0.5 * jnp.sign(x) / jnp.sqrt(jnp.abs(x)) * dy),
    )
    objective = supervised(serial(dense(3, use_bias=False), root, dense(3)), quadratic())
    inputs = IMAGES.inputs.at[1].set(0)
    step = make_fused_step(objective, optax.sgd(0.1))
    state = init_train_state(
        objective, optax.sgd(0.1), KEY, jax.ShapeDtypeStruct((8, 5), "float32")
    )
    found, results = jax.jit(scan_ahead(step, 3))(state, IMAGES._replace(inputs=inputs))
    assert bool(jnp.isfinite(results.loss).all())
    assert results.finite.tolist()[:2] == [True, False]
    assert int(found.step) == 1


def compare(same, found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    jax.tree.map(same, found._replace(key=None), expected._replace(key=None))


QUICK = ("every_k", "tied table")  # each compiles two programs
KINDS = [pytest.param(k, marks=[pytest.mark.slow] * (k not in QUICK)) for k in OBJECTIVES]


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_state_after_three_steps_is_that_of_unfused_steps(x64, kind):
    """In float64, with AdamW: masked decay, a schedule, an average, dropout, running statistics.

    To rounding: the compiler may contract a product and a sum here and not there.
    """
    objective, batches = OBJECTIVES[kind]("float64")
    batches = jax.tree.map(
        lambda a: a.astype(jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a, batches
    )
    optimizer = make_optimizer("adamw", SCHEDULE, weight_decay=0.3, l2=0.1)
    (expected, results), (found, fused) = both(objective, optimizer, batches, average_decay=0.9)
    compare(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10), found, expected)
    np.testing.assert_allclose(fused.loss, results.loss, rtol=1e-12)
    assert fused.finite.all()
    assert fused.metrics.keys() == results.metrics.keys()


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_sgd_in_float32_gives_the_same_parameters_to_the_last_bit_of_1(options):
    """One array's update and a stack's are other loops, whose sums may be rounded otherwise."""
    objective, batches = OBJECTIVES["all"]("float32")
    optimizer = make_optimizer("sgd", SCHEDULE, **options)
    (expected, _), (found, _) = both(objective, optimizer, batches)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=2**-23),
        found.params,
        expected.params,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adam", "adagrad", "rmsprop", "lion"])
def test_other_optimizers(x64, name):
    objective = supervised(serial(dense(7), tanh(), dense(3)), quadratic())
    batches = IMAGES._replace(inputs=IMAGES.inputs.astype(jnp.float64))
    optimizer = make_optimizer(name, SCHEDULE)
    (expected, _), (found, _) = both(objective, optimizer, batches)
    compare(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13), found, expected)


@pytest.mark.parametrize("bad", [0, 2])
def test_after_a_loss_that_is_not_finite_the_state_is_the_one_before(bad):
    objective = supervised(serial(dense(5), repeat(dense(5), 2), dense(3)), quadratic())
    optimizer = make_optimizer("adam", SCHEDULE)
    step = make_fused_step(objective, optimizer, average_decay=0.9)
    spec = jax.ShapeDtypeStruct((8, 5), jnp.float32)
    state = init_train_state(objective, optimizer, KEY, spec, average=True)
    poisoned = IMAGES._replace(inputs=IMAGES.inputs.at[bad, 1, 2].set(jnp.nan))
    found, results = jax.jit(scan_steps(step, 3))(state, poisoned)
    assert results.finite.tolist()[: bad + 1] == [True] * bad + [False]
    before = jax.tree.map(lambda a: a[:bad], IMAGES)
    expected, _ = jax.jit(scan_steps(step, bad))(state, before) if bad else (state, None)
    compare(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), found, expected)


def test_a_gradient_that_is_not_finite_is_told_and_reaches_no_parameter():
    """A layer whose backward pass overflows, below another that has then made its step."""

    def overflow(params, res, dy):
        return (), dy * jnp.inf

    broken = stateless("broken", lambda key, x: (), lambda params, x: (x, ()), vjp=overflow)
    objective = supervised(serial(dense(4), repeat(broken, 2), dense(3)), quadratic())
    optimizer = make_optimizer("adam", SCHEDULE)
    _, (found, results) = both(objective, optimizer, IMAGES)
    assert results.finite.tolist()[0] is False
    assert int(found.step) == 0
    assert all(jnp.isfinite(a).all() for a in jax.tree.leaves(found._replace(key=None)))
    start = init_train_state(objective, optimizer, KEY, jax.ShapeDtypeStruct((8, 5), jnp.float32))
    np.testing.assert_array_equal(found.params[0].weight, start.params[0].weight)
    assert (found.params[2].weight != start.params[2].weight).any()


def memory(step, state, batch):
    """Bytes a step needs besides its donated state."""
    compiled = jax.jit(scan_steps(step, 1), donate_argnums=0).lower(state, batch).compile()
    stats = compiled.memory_analysis()
    return stats.temp_size_in_bytes + stats.output_size_in_bytes - stats.alias_size_in_bytes


@pytest.mark.parametrize("save", [{}, {"save": "inputs"}, {"save": "every_k", "every": 4}], ids=str)
def test_there_is_no_whole_gradient(save):
    """Few examples, many parameters: what is left is the row at hand with its slots."""
    block = residual(serial(dense(256), tanh(), dense(64)))
    objective = supervised(serial(repeat(block, 32, **save), dense(3)), quadratic())
    optimizer = make_optimizer("adam", SCHEDULE)
    x = jax.ShapeDtypeStruct((2, 64), jnp.float32)
    state = jax.eval_shape(lambda: init_train_state(objective, optimizer, KEY, x))
    size = sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(state.params))
    stacked = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((1, *a.shape), a.dtype),
        Batch(x, jax.ShapeDtypeStruct((2,), jnp.int32)),
    )
    assert memory(make_fused_step(objective, optimizer), state, stacked) < size / 4
    assert memory(make_step(gradient(objective), optimizer), state, stacked) > size


def test_refused():
    optimizer = make_optimizer("sgd", SCHEDULE)
    objective = supervised(dense(3), quadratic())
    with pytest.raises(GradientError, match="no net to update layer by layer"):
        make_fused_step(restricted(objective, jnp.arange(2)), optimizer)
    with pytest.raises(GradientError, match="in_dtype hides the parameters"):
        make_fused_step(supervised(in_dtype(dense(3), "bfloat16"), quadratic()), optimizer)
