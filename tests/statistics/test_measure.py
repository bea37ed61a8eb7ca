"""Whole models against jax.grad of each example by itself, and explicit clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Batch, Context, gradient, supervised
from fbp.compose import repeat, residual, serial
from fbp.compose.parts import spec
from fbp.fused_head import fused_head
from fbp.layer import stateless
from fbp.layers import dense, embedding, tanh
from fbp.losses import softmax_cross_entropy
from fbp.models import lenet, mlp
from fbp.models.char_lstm import char_lstm
from fbp.models.transformer import gpt
from fbp.statistics import (
    StatisticsError,
    measure,
    measure_clipped,
    noise_scale,
    variance,
)
from fbp.statistics.estimates import squared_norm

N = 5


def images(*shape):
    rng = np.random.default_rng(0)
    return Batch(jnp.asarray(rng.normal(size=(N, *shape))), jnp.asarray(rng.integers(3, size=N)))


def tokens():
    rng = np.random.default_rng(0)
    return Batch(*(jnp.asarray(rng.integers(4, size=(N, 6)), jnp.int32) for _ in range(2)))


deep = serial(dense(4), repeat(residual(serial(dense(4), tanh())), 3), dense(3))
# net, data, and a norm that some of its examples' gradients exceed and some do not
MODELS = {
    "mlp": (mlp([6, 5], 3, activation=tanh), lambda: images(4), 2.1),
    "lenet": (lenet(3, features=(2, 3), kernel=3, hidden=4), lambda: images(10, 10), 7.0),
    "repeat": (deep, lambda: images(4), 5.0),
    "lstm": (char_lstm(4, 3, 4), tokens, 0.35),
    "gpt, tied": (gpt(4, 6, 2, 2, 4), tokens, 1.0),
    "gpt": (gpt(4, 6, 2, 2, 4, tied=False), tokens, 1.2),
}
QUICK = ("mlp", "repeat")


def rows(models):
    return [pytest.param(m, marks=[pytest.mark.slow] * (m not in QUICK)) for m in models]


def begin(name):
    net, data, _ = MODELS[name]
    objective, batch = supervised(net, softmax_cross_entropy()), data()
    inputs = spec(batch.inputs)
    params, state = objective.init(jax.random.key(1), inputs)
    rng = np.random.default_rng(1)
    params = jax.tree.map(lambda p: jnp.asarray(0.7 * rng.normal(size=p.shape)), params)
    return objective, params, state, batch, Context(None, train=False)


def explicit(objective, params, state, batch, ctx):
    """Each example's gradient, by autodiff of its own loss."""

    def alone(params, x, y):
        return objective.forward(params, state, Batch(x[None], y[None]), ctx)[0]

    return jax.vmap(jax.grad(alone), (None, 0, 0))(params, batch.inputs, batch.targets)


def norm_of(tree):
    leaves = jax.tree.leaves(jax.device_get(tree))
    return np.sqrt(sum(np.sum(a.reshape(N, -1) ** 2, axis=1) for a in leaves))


def close(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13), found, expected
    )


@pytest.mark.parametrize("name", rows(MODELS))
def test_measured_is_what_autodiff_of_each_example_gives(name, x64):
    objective, *arguments = begin(name)
    clip = MODELS[name][2]

    @jax.jit
    def both(*arguments):
        each = explicit(objective, *arguments)
        measured = measure(objective, second_moment=True)(*arguments)
        return each, measured, measure_clipped(objective, clip)(*arguments)

    each, measured, clipped = jax.device_get(both(*arguments))
    mean = jax.tree.map(lambda g: np.mean(g, axis=0), each)
    close(measured.grads, mean)
    close(measured.examples.norms, norm_of(each))
    close(measured.examples.leaf_norms, jax.tree.map(norm_of, each))
    close(variance(measured.examples, mean), jax.tree.map(lambda g: np.var(g, 0, ddof=1), each))
    scale = np.minimum(1, clip / norm_of(each))
    assert 0 < np.sum(scale < 1) < N
    close(clipped.grads, jax.tree.map(lambda g: np.tensordot(scale, g, 1) / N, each))
    close(clipped.examples.norms, norm_of(each))
    close(clipped.unclipped, mean)


def test_noise_scale_is_the_unbiased_estimate(x64):
    objective, *arguments = begin("mlp")
    each, m = jax.jit(lambda *a: (explicit(objective, *a), measure(objective)(*a)))(*arguments)
    flat = np.concatenate([np.reshape(g, (N, -1)) for g in jax.tree.leaves(each)], axis=1)
    trace = np.var(flat, axis=0, ddof=1).sum()
    products = flat @ flat.T  # of two different examples, on average |G|^2
    squared = (products.sum() - np.trace(products)) / (N * (N - 1))
    found = noise_scale(m.examples, m.grads)
    np.testing.assert_allclose(found, (trace, squared), rtol=1e-10)
    np.testing.assert_allclose(found.scale, trace / squared, rtol=1e-10)


def test_weights_scale_the_examples(x64):
    objective, params, state, batch, ctx = begin("mlp")
    weights = jnp.asarray([1.0, 0.0, 2.0, 0.5, 1.5])
    each = explicit(objective, params, state, batch, ctx)
    found = jax.jit(measure(objective))(params, state, batch._replace(weights=weights), ctx)
    np.testing.assert_allclose(found.examples.norms, weights * norm_of(each), rtol=1e-10)


def test_one_example_with_a_huge_gradient_is_cut_to_size(x64):
    _, params, state, batch, ctx = begin("mlp")
    objective = supervised(MODELS["mlp"][0], softmax_cross_entropy("sum"))
    huge = batch._replace(weights=jnp.ones(N).at[0].set(1e6))
    cut, free = jax.jit(lambda *a: (measure_clipped(objective, 1e-3)(*a), measure(objective)(*a)))(
        params, state, huge, ctx
    )
    assert free.examples.norms[0] > 1e5 * free.examples.norms[1] > 0
    np.testing.assert_allclose(cut.examples.norms, free.examples.norms)
    assert squared_norm(free.grads) > 1
    assert squared_norm(cut.grads) <= 1e-6 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("net", "shape", "share"),
    [
        (mlp([512] * 4, 10), (256, 512), 0.02),
        pytest.param(
            lenet(10, features=(32, 64), dropout_rate=0.0),
            (256, 28, 28),
            0.2,
            marks=pytest.mark.slow,
        ),
        pytest.param(repeat(dense(256), 6), (128, 256), 0.05, marks=pytest.mark.slow),
    ],
)
def test_nothing_as_large_as_a_gradient_an_example_is_made(net, shape, share):
    objective = supervised(net, softmax_cross_entropy())
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    params, state = jax.eval_shape(lambda k: objective.init(k, x), jax.random.key(0))
    batch = Batch(x, jax.ShapeDtypeStruct(shape[:1], jnp.int32))
    one_each = 4 * shape[0] * sum(p.size for p in jax.tree.leaves(params))
    plain = jax.jit(lambda *a: gradient(objective)(*a, Context(None)))
    least = temporary(plain, params, state, batch)
    for measuring in (measure(objective, second_moment=True), measure_clipped(objective, 1.0)):
        program = jax.jit(lambda *a, m=measuring: m(*a, Context(None))[:5])
        assert temporary(program, params, state, batch) < least + share * one_each


def temporary(program, *arguments):
    """Bytes a compiled program needs beside its arguments and results."""
    return program.lower(*arguments).compile().memory_analysis().temp_size_in_bytes


def test_what_cannot_be_measured_is_refused():
    fused = fused_head(serial(embedding(4, 3), dense(4)), 4)
    with pytest.raises(StatisticsError, match=r"one rule.*set model.fused = false"):
        measure(fused)
    objective, params, state, batch, ctx = begin("mlp")
    with pytest.raises(StatisticsError, match="clip must be positive, got 0"):
        measure_clipped(objective, 0)
    one = jax.tree.map(lambda a: a[:1], batch)
    alone = jax.jit(measure(objective))(params, state, one, ctx)
    with pytest.raises(StatisticsError, match="at least 2"):
        noise_scale(alone.examples, alone.grads)
    found = jax.jit(measure(objective))(params, state, batch, ctx)
    with pytest.raises(StatisticsError, match="second_moment=True"):
        variance(found.examples, found.grads)
    halves = objective.rebuild(serial(_merged(), dense(3)))
    p, s = halves.init(jax.random.key(0), spec(batch.inputs))
    wrong = batch._replace(targets=jnp.zeros(2 * N, int))
    with pytest.raises(StatisticsError, match=r"\[1\].weight: 5 examples became 10"):
        measure(halves)(p, s, wrong, ctx)


def _merged():
    """A layer that makes two examples of one."""
    return stateless(
        "merged",
        lambda key, x: (),
        lambda params, x: (x.reshape(-1, x.shape[-1] // 2), ()),
        vjp=lambda params, res, dy: ((), dy.reshape(-1, 2 * dy.shape[-1])),
    )
