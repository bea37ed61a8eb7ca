"""A restricted objective is the whole one, seen through a few entries of its gradient."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from fbp import Batch, Context, gradient, supervised
from fbp.lab.restricted import restricted
from fbp.losses import softmax_cross_entropy
from fbp.models import mlp

ENTRIES = jnp.array([0, 3, 17, 30])


@pytest.mark.parametrize("mode", ["backprop", "forward", "forward_autodiff"])
def test_gradient_is_those_entries_of_the_whole_gradient(mode, x64):
    objective = supervised(mlp([4], 3), softmax_cross_entropy())
    batch = Batch(jax.random.normal(jax.random.key(1), (6, 5)), jnp.array([0, 1, 2, 0, 1, 2]))
    params, state = objective.init(jax.random.key(0), jax.eval_shape(lambda: batch.inputs))
    whole = ravel_pytree(gradient(objective)(params, state, batch, Context()).grads)[0]
    few = restricted(objective, ENTRIES)
    vector, state = few.init(jax.random.key(0), jax.eval_shape(lambda: batch.inputs))
    np.testing.assert_array_equal(vector, ravel_pytree(params)[0][ENTRIES])
    found = jax.jit(gradient(few, mode))(vector, state, (batch, params), Context())
    np.testing.assert_allclose(found.grads, whole[ENTRIES], rtol=1e-12, atol=1e-15)


def test_hand_jvp_is_the_adjoint_of_its_vjp(x64):
    objective = restricted(supervised(mlp([4], 3), softmax_cross_entropy()), ENTRIES)
    inputs = jax.random.normal(jax.random.key(1), (6, 5))
    batch = Batch(inputs, jnp.array([0, 1, 2, 0, 1, 2]))
    whole = supervised(mlp([4], 3), softmax_cross_entropy())
    params, state = whole.init(jax.random.key(0), jax.eval_shape(lambda: inputs))
    vector = ravel_pytree(params)[0][ENTRIES]
    tvector = jnp.arange(1.0, 5.0)
    loss, _, res = objective.forward(vector, state, (batch, params), Context())
    tloss = objective.jvp(vector, res, tvector)
    assert tloss == pytest.approx(float(objective.vjp(vector, res, jnp.ones_like(loss)) @ tvector))
