"""Statistics, clipping and noise as options of backprop."""

import jax
import numpy as np
import pytest
from gradient_problems import PROBLEMS, N

from fbp import Context, GradientError, gradient
from fbp.statistics import measure, measure_clipped, noise_scale

BOTH = ("noise_scale", "per_example_norm")


@pytest.fixture(scope="module")
def mlp():
    return PROBLEMS["mlp"]()


def test_statistics_are_metrics_beside_the_same_gradient(mlp):
    objective, *arguments = mlp
    found = gradient(objective, statistics=BOTH)(*arguments)
    plain = gradient(objective)(*arguments)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), found.grads, plain.grads)
    m = measure(objective)(*arguments)
    variance, squared = noise_scale(m.examples, m.grads)
    expected = {
        "example_norm": np.mean(m.examples.norms),
        "example_norm_max": np.max(m.examples.norms),
        "gradient_variance": variance,
        "squared_gradient": squared,
    }
    assert found.metrics.keys() == plain.metrics.keys() | expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found.metrics[name], value, rtol=1e-6)


def test_clipped_examples_and_the_noise_scale_of_unclipped_ones(mlp):
    objective, *arguments = mlp
    clip = float(np.median(measure(objective)(*arguments).examples.norms))
    found = gradient(objective, statistics=BOTH, example_clip=clip)(*arguments)
    assert found.metrics["clipped_examples"] == 0.5
    free = gradient(objective, statistics=BOTH)(*arguments)
    for name in free.metrics:
        np.testing.assert_allclose(found.metrics[name], free.metrics[name], rtol=1e-6)
    expected = measure_clipped(objective, clip)(*arguments).grads
    jax.tree.map(np.testing.assert_array_equal, found.grads, expected)


def test_noise_is_multiplier_times_clip_over_batch(mlp):
    objective, params, state, batch, _ = mlp
    clip, multiplier = 0.5, 1.5
    private = gradient(objective, example_clip=clip, noise_multiplier=multiplier)
    exact = gradient(objective, example_clip=clip)(params, state, batch, Context(None)).grads

    @jax.jit
    @jax.vmap
    def noise(key):
        grads = private(params, state, batch, Context(key)).grads
        return jax.tree.map(lambda a, b: a - b, grads, exact)

    drawn = noise(jax.random.split(jax.random.key(0), 500))
    for leaf in jax.tree.leaves(drawn):
        assert abs(np.std(leaf) / (multiplier * clip / N) - 1) < 0.05


def test_noise_needs_a_key(mlp):
    objective, *arguments, _ = mlp
    private = gradient(objective, example_clip=1.0, noise_multiplier=1.0)
    with pytest.raises(GradientError, match="pass Context"):
        private(*arguments, Context(None))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": ("norm",)}, "unknown statistic 'norm'; there are noise_scale, per_example"),
        ({"noise_multiplier": 1.0}, r"noise_multiplier = 1.0 needs .* example_clip"),
        ({"noise_multiplier": -1.0, "example_clip": 1.0}, r"noise_multiplier = -1.0 needs"),
    ],
)
def test_options_that_make_no_sense(mlp, options, message):
    with pytest.raises(GradientError, match=message):
        gradient(mlp.objective, **options)
