"""Huber: a parabola that goes on as a line."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp.errors import FbpError
from fbp.losses import huber, mean_squared


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_value_and_gradient_equal_optax(x64, delta):
    a, y = 4 * jax.random.normal(jax.random.key(0), (2, 6, 3))
    value, res = huber(delta=delta).forward(a, y)
    expected, da = jax.value_and_grad(lambda a: optax.huber_loss(a, y, delta=delta).mean())(a)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(huber(delta=delta).vjp(res, 1.0), da, atol=1e-15)


def test_near_the_target_it_is_half_the_square_and_far_from_it_the_slope_is_delta():
    a, y = jnp.array([[0.1, -0.2]]), jnp.zeros((1, 2))
    near, square = huber(delta=2.0).forward(a, y), mean_squared().forward(a, y)
    np.testing.assert_allclose(near[0], square[0] / 2, rtol=1e-6)
    _, res = huber(delta=2.0).forward(jnp.array([[1e8, -jnp.inf]]), y)
    np.testing.assert_allclose(huber(delta=2.0).vjp(res, 1.0), [[1.0, -1.0]])


def test_the_slope_has_no_jump_at_delta():
    for e in (0.9999, 1.0, 1.0001):
        _, res = huber().forward(jnp.array([[e]]), jnp.zeros((1, 1)))
        np.testing.assert_allclose(huber().vjp(res, 1.0), 1.0, atol=2e-4)


def test_delta_is_positive():
    with pytest.raises(FbpError, match="delta must be positive, got 0"):
        huber(delta=0.0)
