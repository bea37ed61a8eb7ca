"""Random estimators: unbiased, with the variance of their theory, on the mask of their key."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gradient_problems import PROBLEMS, problem
from jax.flatten_util import ravel_pytree

from fbp import Context, gradient, serial
from fbp.layers import dense, tanh
from fbp.losses import softmax_cross_entropy

DRAWS = 4000


def small_problem():
    return problem(serial(dense(2), tanh(), dense(3)), softmax_cross_entropy(), weighted=True)


@pytest.mark.parametrize(
    ("mode", "options", "factor"),
    [
        ("forward_gradient", {"tangents": 3, "distribution": "normal"}, lambda p: (p + 1) / 3),
        ("forward_gradient", {"tangents": 4, "distribution": "rademacher"}, lambda p: (p - 1) / 4),
        ("spsa", {"draws": 2, "step": 1e-5}, lambda p: (p - 1) / 2),
    ],
)
def test_unbiased_with_the_variance_of_theory(mode, options, factor, x64):
    objective, *arguments, _ = small_problem()

    @jax.jit
    def errors(keys):
        def flat(grad_fn, key):
            return ravel_pytree(grad_fn(*arguments, Context(key)).grads)[0]

        exact = flat(gradient(objective), None)
        estimate = gradient(objective, mode, **options)
        return exact, jax.vmap(lambda key: flat(estimate, key) - exact)(keys)

    exact, error = map(np.asarray, errors(jax.random.split(jax.random.key(1), DRAWS)))

    standard_error = error.std(axis=0) / np.sqrt(DRAWS)
    assert np.all(np.abs(error.mean(axis=0)) < 4 * standard_error)

    squares = np.sum(error**2, axis=1)
    expected = factor(exact.size) * float(exact @ exact)
    assert abs(squares.mean() - expected) < 4 * squares.std() / np.sqrt(DRAWS)
    assert squares.std() / np.sqrt(DRAWS) < 0.05 * expected


def test_spsa_is_the_rademacher_forward_gradient_up_to_the_square_of_its_step(x64):
    """Both draw the same directions from one key, so only the bias is left between them."""
    objective, *arguments = small_problem()
    options = {"tangents": 8, "distribution": "rademacher"}
    modes = [gradient(objective, "forward_gradient", **options)]
    modes += [gradient(objective, "spsa", draws=8, step=c) for c in (0.04, 0.02)]
    exact, coarse, fine = jax.jit(lambda *a: [ravel_pytree(f(*a).grads)[0] for f in modes])(
        *arguments
    )
    ratio = jnp.linalg.norm(coarse - exact) / jnp.linalg.norm(fine - exact)
    np.testing.assert_allclose(ratio, 4, rtol=0.05)


@pytest.mark.parametrize("mode", ["forward_gradient", "spsa"])
def test_estimators_see_the_dropout_mask_that_backprop_sees(mode, x64):
    objective, *arguments = PROBLEMS["dropout"]()
    count = {"forward_gradient": "tangents", "spsa": "draws"}[mode]
    grad_fn = gradient(objective, mode, **{count: 4096}, chunk=256)
    pair = jax.jit(
        lambda *a: [ravel_pytree(f(*a).grads)[0] for f in (gradient(objective), grad_fn)]
    )
    exact, estimate = pair(*arguments)
    expected = np.sqrt((exact.size + 1) / 4096)
    assert jnp.linalg.norm(estimate - exact) < 2 * expected * jnp.linalg.norm(exact)
    assert expected < 0.15
