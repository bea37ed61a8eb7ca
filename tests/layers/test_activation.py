"""Activations: known values, the slope promised at each kink, saturation."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context
from fbp.layers import (
    arctan,
    binary_step,
    elu,
    gelu,
    identity,
    leaky_relu,
    prelu,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from fbp.layers.activation import PReLUParams


def value_and_slopes(layer, x, params=()):
    """(y, jvp of ones, dx of ones): for an elementwise layer both are its slope."""
    x = jnp.asarray(x, jnp.float32)
    y, _, res = layer.forward(params, (), x, Context())
    zero = jax.tree.map(jnp.zeros_like, params)
    ones = jnp.ones_like(x)
    return y, layer.jvp(params, res, zero, ones), layer.vjp(params, res, ones)[1]


S2 = 1 / (1 + math.exp(-2.0))
P2 = 0.5 * (1 + math.erf(2 / 2**0.5))


@pytest.mark.parametrize(
    ("layer", "x", "y", "slope"),
    [
        (identity(), -3.0, -3.0, 1.0),
        (binary_step(), 2.0, 1.0, 0.0),
        (sigmoid(), 2.0, S2, S2 * (1 - S2)),
        (tanh(), 0.5, math.tanh(0.5), 1 - math.tanh(0.5) ** 2),
        (arctan(), 2.0, math.atan(2.0), 0.2),
        (relu(), 2.0, 2.0, 1.0),
        (relu(), -2.0, 0.0, 0.0),
        (leaky_relu(0.1), -2.0, -0.2, 0.1),
        (elu(0.5), -1.0, 0.5 * (math.exp(-1) - 1), 0.5 * math.exp(-1)),
        (softplus(), 2.0, math.log1p(math.exp(2)), S2),
        (silu(), 2.0, 2 * S2, S2 * (1 + 2 * (1 - S2))),
        (gelu(), 2.0, 2 * P2, P2 + 2 * math.exp(-2) / (2 * math.pi) ** 0.5),
        # the conventions at kinks
        (binary_step(), 0.0, 0.0, 0.0),
        (relu(), 0.0, 0.0, 0.0),
        (leaky_relu(0.1), 0.0, 0.0, 0.1),
        (elu(0.5), 0.0, 0.0, 0.5),
        # saturation: exact limits, and no NaN
        (sigmoid(), -1e4, 0.0, 0.0),
        (tanh(), 1e4, 1.0, 0.0),
        (elu(), -1e4, -1.0, 0.0),
        (softplus(), 1e4, 1e4, 1.0),
        (silu(), -1e4, 0.0, 0.0),
        (gelu(), -1e4, 0.0, 0.0),
        (gelu(approximate=True), 50.0, 50.0, 1.0),
    ],
    ids=lambda v: getattr(v, "name", None),
)
def test_values_and_slopes(layer, x, y, slope):
    found = value_and_slopes(layer, [x])
    np.testing.assert_allclose(np.concatenate(found), [y, slope, slope], rtol=2e-6, atol=1e-7)


def test_gelu_agrees_with_jax():
    x = jnp.linspace(-4, 4, 33)
    for approximate in (False, True):
        expected = jax.nn.gelu(x, approximate=approximate)
        y = value_and_slopes(gelu(approximate), x)[0]
        np.testing.assert_allclose(y, expected, atol=1e-6)


def test_a_closed_gate_stops_even_an_infinite_cotangent():
    _, _, res = relu().forward((), (), jnp.array([-1.0, 2.0]), Context())
    dx = relu().vjp((), res, jnp.array([jnp.inf, 3.0]))[1]
    np.testing.assert_array_equal(dx, [0.0, 3.0])


def test_prelu_learns_its_slope_from_what_is_not_positive():
    params = PReLUParams(jnp.array([0.5, 0.25]))
    x = jnp.array([[[-2.0, 1.0]], [[-4.0, -8.0]]])
    y, _, res = prelu().forward(params, (), x, Context())
    np.testing.assert_array_equal(y, [[[-1.0, 1.0]], [[-2.0, -2.0]]])
    dparams, dx = prelu().vjp(params, res, jnp.ones_like(x))
    np.testing.assert_array_equal(dparams.slope, [-6.0, -8.0])
    np.testing.assert_array_equal(dx, [[[0.5, 1.0]], [[0.5, 0.25]]])
    np.testing.assert_array_equal(value_and_slopes(prelu(), [[0.0, 0.0]], params)[1], [[0.5, 0.25]])


def test_softmax_of_two_is_a_sigmoid():
    y, _, res = softmax().forward((), (), jnp.array([[2.0, 0.0]]), Context())
    np.testing.assert_allclose(y, [[S2, 1 - S2]], rtol=1e-6)
    dx = softmax().vjp((), res, jnp.array([[1.0, 0.0]]))[1]
    np.testing.assert_allclose(dx, S2 * (1 - S2) * jnp.array([[1.0, -1.0]]), rtol=1e-5)


def test_softmax_of_huge_logits_is_finite_and_blind_to_a_shift():
    y, _, res = softmax().forward((), (), jnp.array([[1e4, -1e4, 1e4]]), Context())
    np.testing.assert_array_equal(y, [[0.5, 0.0, 0.5]])
    assert not softmax().vjp((), res, jnp.full((1, 3), 7.0))[1].any()


def test_a_boolean_slope_is_one_byte_an_element():
    _, _, res = relu().forward((), (), jnp.ones((4, 5)), Context())
    assert res.dtype == bool
