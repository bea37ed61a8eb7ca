"""Losses of directions against plain formulas, differentiated by JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.errors import FbpError
from fbp.losses import cosine, info_nce

KEYS = jax.random.split(jax.random.key(0), 3)


def directions(a):
    return a / jnp.sqrt((a * a).sum(-1, keepdims=True))


def cosine_formula(a, y, weights):
    losses = 1 - (directions(a) * directions(y)).sum(-1)
    return (weights * losses).sum() / weights.sum()


def info_nce_formula(pairs, _, weights, temperature=0.2):
    a, b = directions(pairs).swapaxes(0, 1)
    s = a @ b.T / temperature
    to_b = jax.nn.logsumexp(s, axis=1) - jnp.diag(s)
    to_a = jax.nn.logsumexp(s, axis=0) - jnp.diag(s)
    return (weights * (to_a + to_b) / 2).sum() / weights.sum()


@pytest.mark.parametrize(
    ("loss", "formula", "shape"),
    [
        (cosine(), cosine_formula, (5, 3)),
        (info_nce(temperature=0.2), info_nce_formula, (5, 2, 3)),
    ],
    ids=["cosine", "info_nce"],
)
def test_value_and_gradient_equal_the_formula(x64, loss, formula, shape):
    outputs, targets = 2 * jax.random.normal(KEYS[0], (2, *shape))
    weights = jax.random.uniform(KEYS[1], (5,)).at[2].set(0)

    @jax.jit
    def both(outputs):
        value, res = loss.forward(outputs, targets, weights)
        expected = jax.value_and_grad(formula)(outputs, targets, weights)
        return (value, loss.vjp(res, 1.0)), expected

    for got, wanted in zip(*both(outputs), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-13)


def test_a_pair_of_no_weight_still_repels_the_others():
    pairs = jax.random.normal(KEYS[0], (3, 2, 4))
    loss = info_nce()
    _, res = loss.forward(pairs, None, jnp.array([1.0, 0.0, 1.0]))
    assert loss.vjp(res, 1.0)[1].any()


def test_length_does_not_count_and_gets_no_gradient(x64):
    outputs, targets = jax.random.normal(KEYS[0], (2, 4, 3))
    (short, res), (long, _) = (cosine().forward(s * outputs, targets) for s in (1, 7))
    np.testing.assert_allclose(short, long)
    np.testing.assert_allclose((cosine().vjp(res, 1.0) * outputs).sum(-1), 0, atol=1e-16)


def test_a_zero_vector_has_no_direction_and_no_gradient():
    outputs = jnp.array([[0.0, 0.0], [3.0, 4.0]])
    value, res = cosine("none").forward(outputs, jnp.array([[1.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(value, [1, 1])
    np.testing.assert_array_equal(cosine("none").vjp(res, jnp.ones(2)), jnp.zeros((2, 2)))


def test_every_pair_finds_its_partner():
    a = jnp.eye(3)
    pairs = jnp.stack([a, 5 * a], axis=1)
    value, _ = info_nce(temperature=0.01).forward(pairs, None)
    assert float(value) < 1e-6
    np.testing.assert_array_equal(info_nce().classes(pairs), [0, 1, 2])
    np.testing.assert_array_equal(info_nce().classes(pairs.at[:, 1].set(5 * a[::-1])), [2, 1, 0])


def test_the_temperature_is_positive():
    with pytest.raises(FbpError, match="temperature must be positive, got -1"):
        info_nce(temperature=-1.0)
