"""Gated units are a product of two dense layers, one through its activation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import geglu, glu, swiglu
from fbp.layers.dense import DenseParams

GATES = {glu: jax.nn.sigmoid, swiglu: jax.nn.silu, geglu: jax.nn.gelu}


@pytest.mark.parametrize(("make", "gate"), GATES.items(), ids=lambda f: f.__name__)
def test_value_and_gradient_equal_the_formula(x64, make, gate):
    keys = jax.random.split(jax.random.key(0), 4)
    params = DenseParams(jax.random.normal(keys[0], (3, 10)), jax.random.normal(keys[1], (10,)))
    x, dy = jax.random.normal(keys[2], (2, 4, 3)), jax.random.normal(keys[3], (2, 4, 5))
    layer = make(5)

    def formula(params, x):
        weight, bias = params
        return gate(x @ weight[:, :5] + bias[:5]) * (x @ weight[:, 5:] + bias[5:])

    @jax.jit
    def both(params, x):
        y, _, res = layer.forward(params, (), x, Context())
        expected, pull = jax.vjp(formula, params, x)
        return (y, *layer.vjp(params, res, dy)), (expected, *pull(dy))

    found, expected = both(params, x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found, expected)


def test_a_closed_gate_stops_the_value_but_not_the_gates_gradient():
    layer = swiglu(1, use_bias=False)
    params = DenseParams(jnp.array([[0.0, 2.0]]), None)  # gate 0, value 2 x
    y, _, res = layer.forward(params, (), jnp.array([[3.0]]), Context())
    dparams, dx = layer.vjp(params, res, jnp.ones((1, 1)))
    assert (float(y[0, 0]), float(dx[0, 0])) == (0, 0)
    np.testing.assert_allclose(dparams.weight, [[0.5 * 6 * 3, 0]])  # silu'(0) = 1/2


def test_no_features_are_refused():
    with pytest.raises(LayerError, match="glu needs features >= 1"):
        glu(0)
