"""Batch norm: statistics that depend on x in training, and stand still in evaluation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import batch_norm
from fbp.layers.batch_norm import BatchNormState
from fbp.layers.norm import NormParams

X = 30 + 7 * jax.random.normal(jax.random.key(0), (5, 3, 2))
PARAMS = NormParams(jnp.array([2.0, -1.0]), jnp.array([0.5, 3.0]))
STATE = BatchNormState(jnp.array([1.0, 2.0]), jnp.array([4.0, 9.0]))


def test_training_normalises_over_all_axes_but_the_last():
    y, _, _ = batch_norm().forward(PARAMS, STATE, X, Context(train=True))
    xhat = (y - PARAMS.bias) / PARAMS.scale
    np.testing.assert_allclose(xhat.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(xhat.std((0, 1)), 1, atol=1e-5)


def test_running_statistics_move_by_momentum_with_the_unbiased_variance():
    _, state, _ = batch_norm(momentum=0.75).forward(PARAMS, STATE, X, Context(train=True))
    rows = np.asarray(X, np.float64).reshape(-1, 2)
    mean = 0.75 * STATE.mean + 0.25 * rows.mean(0)
    variance = 0.75 * STATE.variance + 0.25 * rows.var(0, ddof=1)
    np.testing.assert_allclose(state.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(state.variance, variance, rtol=1e-5)


def test_evaluation_is_an_affine_map_of_the_running_statistics():
    y, state, res = batch_norm().forward(PARAMS, STATE, X, Context(train=False))
    slope = PARAMS.scale / np.sqrt(STATE.variance + 1e-5)
    np.testing.assert_allclose(y, slope * (X - STATE.mean) + PARAMS.bias, rtol=1e-5)
    assert state is STATE
    _, dx = batch_norm().vjp(PARAMS, res, jnp.ones_like(X))
    np.testing.assert_allclose(dx, jnp.broadcast_to(slope, X.shape), rtol=1e-6)


def test_evaluation_does_not_round_to_narrower_statistics():
    """1000.3 has no bfloat16 near it; 1000 and 1 are bfloat16s."""
    x = jnp.array([[1000.3, 1000.3], [999.1, 999.1]])
    state = BatchNormState(jnp.full(2, 1000, jnp.bfloat16), jnp.ones(2, jnp.bfloat16))
    y, _, _ = batch_norm(eps=0.0).forward(PARAMS, state, x, Context(train=False))
    np.testing.assert_allclose(y, (x - 1000) * PARAMS.scale + PARAMS.bias, atol=1e-3)


def test_the_statistics_own_dependence_on_x_is_in_the_gradient(x64):
    """Constant statistics would let a common shift of the batch through."""
    x, params = X.astype(float), jax.tree.map(lambda a: a.astype(float), PARAMS)
    layer, dy = batch_norm(eps=0.0), jax.random.normal(jax.random.key(1), X.shape)
    _, _, res = layer.forward(params, STATE, x, Context(train=True))
    _, dx = layer.vjp(params, res, dy)
    np.testing.assert_allclose(dx.sum((0, 1)), 0, atol=1e-13)
    np.testing.assert_allclose((dx * x).sum((0, 1)), 0, atol=1e-11)


def test_a_batch_is_needed():
    with pytest.raises(LayerError, match=r"\(batch, \.\.\., features\), got \[3\]"):
        batch_norm().init(jax.random.key(0), jax.ShapeDtypeStruct((3,), jnp.float32))
