"""supervised: an objective is its net, then its loss, in all of its functions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Batch, Context, LayerError, serial, supervised
from fbp.layers import batch_norm, dense, embedding, tanh
from fbp.losses import quadratic, softmax_cross_entropy
from fbp.metrics import accuracy

LOSS = softmax_cross_entropy()
BATCH = Batch(
    jnp.array([[1.0, -2.0], [0.5, 3.0], [0.0, 1.0]]),
    jnp.array([2, 0, 1]),
    jnp.array([1.0, 0.0, 3.0]),
)
KEY = jax.random.key(0)


def start(net, metrics=None, batch=BATCH):
    objective = supervised(net, LOSS, metrics)
    shape = jax.ShapeDtypeStruct(batch.inputs.shape, batch.inputs.dtype)
    return objective, *objective.init(KEY, shape)


def test_loss_gradient_and_tangent_against_autodiff():
    objective, params, state = start(serial(dense(4), tanh(), dense(3)))

    def value(params):
        return objective.forward(params, state, BATCH, Context())[0]

    loss, _, res = objective.forward(params, state, BATCH, Context())
    expected, expected_t = jax.jvp(value, (params,), (params,))
    np.testing.assert_allclose(loss, expected)
    np.testing.assert_allclose(objective.jvp(params, res, params), expected_t, rtol=1e-5)
    dual_loss, _, dual_t = objective.dual(params, state, BATCH, Context(), params)
    np.testing.assert_allclose((dual_loss, dual_t), (expected, expected_t), rtol=1e-5)
    grads = objective.vjp(params, res, jnp.float32(2.0))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, 2 * b, atol=1e-6), grads, jax.grad(value)(params)
    )


def test_metrics_and_the_new_state_come_beside_the_loss():
    objective, params, state = start(
        serial(norm=batch_norm(), out=dense(3)), {"accuracy": accuracy(LOSS)}
    )
    _, (new, metrics), _ = objective.forward(params, state, BATCH, Context())
    _, (new_dual, metrics_dual), _ = objective.dual(params, state, BATCH, Context(), params)
    assert metrics.keys() == metrics_dual.keys() == {"accuracy"}
    assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (state, new)), strict=True))
    jax.tree.map(np.testing.assert_array_equal, new, new_dual)
    without, _, _ = start(dense(3))
    assert without.forward(params["out"], (), BATCH, Context())[1] == ((), {})


def test_an_example_of_weight_0_has_no_gradient():
    objective, params, state = start(dense(3))
    changed = BATCH._replace(inputs=BATCH.inputs.at[1].set(1e3))
    gradients = []
    for batch in (BATCH, changed):
        _, _, res = objective.forward(params, state, batch, Context())
        gradients.append(objective.vjp(params, res, jnp.float32(1)))
    jax.tree.map(np.testing.assert_array_equal, *gradients)


def test_integer_inputs_have_no_tangent():
    batch = Batch(jnp.array([0, 3, 1]), BATCH.targets)
    objective, params, state = start(embedding(4, 3), batch=batch)
    _, _, res = objective.forward(params, state, batch, Context())
    pushed = objective.jvp(params, res, params)
    grads = objective.vjp(params, res, jnp.float32(1))
    np.testing.assert_allclose(pushed, jnp.sum(grads.table * params.table), rtol=1e-5)


def test_a_missing_rule_names_the_layer():
    objective, params, state = start(serial(a=dense(3), b=tanh()._replace(vjp=None)))
    _, _, res = objective.forward(params, state, BATCH, Context())
    with pytest.raises(LayerError, match="layer b: tanh has no vjp"):
        objective.vjp(params, res, jnp.float32(1))


def test_the_name_says_both():
    assert supervised(dense(3), quadratic()).name == "quadratic of dense(3)"
