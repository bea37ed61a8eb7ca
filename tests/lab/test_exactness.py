from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Batch, Context, supervised
from fbp.lab.exactness import exact_gradient, exactness
from fbp.layers import dense
from fbp.losses import quadratic


def test_definitions():
    cosine, error = exactness(np.array([3.0, 4.5]), np.array([3.0, 4.0]))
    assert cosine == pytest.approx((9 + 18) / (5 * np.hypot(3, 4.5)))
    assert error == pytest.approx(0.5 / 4)


def test_zero_gradients_are_no_division_by_zero():
    assert exactness(np.zeros(3), np.zeros(3)) == (0.0, 0.0)
    assert exactness(np.array([0.5, 0.0]), np.zeros(2)) == (0.0, 0.5)


def test_reference_is_float64():
    """The gradient of a linear least-squares fit, to more digits than float32 has."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 5)).astype(np.float32), rng.normal(size=(16, 1)).astype(np.float32)
    objective = supervised(dense(1, use_bias=False), quadratic())
    params, state = objective.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, jnp.float32))
    found = exact_gradient(
        objective, params, state, Batch(jnp.asarray(x), jnp.asarray(y)), Context()
    )
    residual = x.astype(np.float64) @ np.asarray(params.weight, np.float64) - y
    np.testing.assert_allclose(found, (x.T.astype(np.float64) @ residual / 16).ravel(), rtol=1e-13)
