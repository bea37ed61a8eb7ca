"""Chunks: the same numbers in bounded memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gradient_problems import PROBLEMS, problem
from jax.flatten_util import ravel_pytree

from fbp import Batch, Context, gradient, repeat, serial, supervised
from fbp.layers import dense, tanh
from fbp.losses import quadratic


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("forward", {}),
        ("forward_autodiff", {}),
        ("finite_difference", {}),
        ("forward_gradient", {"tangents": 13}),
        ("spsa", {"draws": 13}),
    ],
)
def test_the_chunk_does_not_change_the_gradient(mode, options, x64):
    objective, *arguments = PROBLEMS["mlp"]()
    modes = [gradient(objective, mode, chunk=chunk, **options) for chunk in (5, 10_000)]
    some, whole = jax.jit(lambda *a: [ravel_pytree(f(*a).grads)[0] for f in modes])(*arguments)
    # Finite differences and spsa divide rounding errors of the loss by their step.
    tolerance = 1e-13 if mode.startswith("forward") else 1e-9
    np.testing.assert_allclose(some, whole, rtol=0, atol=tolerance)
    assert jnp.linalg.norm(whole) > 0.01


def temp_bytes(objective, mode, *arguments, **options):
    compiled = jax.jit(gradient(objective, mode, **options)).lower(*arguments).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize("mode", ["forward", "finite_difference"])
def test_memory_grows_with_the_chunk_and_not_with_the_number_of_parameters(mode):
    objective, *arguments = problem(serial(dense(40), tanh(), dense(40)), quadratic(), outputs=40)
    small, middle, whole = (
        temp_bytes(objective, mode, *arguments, chunk=chunk) for chunk in (4, 64, 10_000)
    )
    assert middle > 6 * small
    assert whole > 6 * middle


def test_forward_mode_keeps_no_residuals_where_backprop_keeps_them_all():
    width, rows = 16, 2048
    activation = 4 * width * rows

    def measure(mode, depth, **options):
        net = repeat(serial(dense(width), tanh()), depth)
        objective = supervised(net, quadratic())
        shape = jax.ShapeDtypeStruct((rows, width), jnp.float32)
        arguments = jax.eval_shape(
            lambda: (*objective.init(jax.random.key(0), shape), jax.random.key(1))
        )
        params, state, _ = arguments
        batch = Batch(shape, shape)
        return temp_bytes(objective, mode, params, state, batch, Context(), **options)

    backprop = measure("backprop", 24) - measure("backprop", 8)
    forward = measure("forward", 24, chunk=1) - measure("forward", 8, chunk=1)
    assert backprop > 16 * activation  # 16 more layers keep at least their input each
    assert forward < activation
