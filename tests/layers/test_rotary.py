"""Rotary positions turn pairs of features, by angles that depend on the place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import LayerError
from fbp.layers import rotary
from fbp.layers.rotary import rotate


def test_turns_each_pair_by_its_angle(x64):
    x = jax.random.normal(jax.random.key(0), (3, 6))
    y = rotate(x, 100.0, 1)
    for t in range(3):
        for f in range(3):
            angle = t * 100.0 ** (-2 * f / 6)
            turned = complex(x[t, f], x[t, f + 3]) * np.exp(1j * angle)
            np.testing.assert_allclose((y[t, f], y[t, f + 3]), (turned.real, turned.imag))


def test_norms_stay_and_the_way_back_is_the_transpose(x64):
    x = jax.random.normal(jax.random.key(0), (2, 5, 8))
    y = rotate(x, 1e4, 1)
    np.testing.assert_allclose(jnp.linalg.norm(y, axis=-1), jnp.linalg.norm(x, axis=-1))
    np.testing.assert_allclose(rotary().vjp((), (), y)[1], x, atol=1e-14)


def test_products_depend_on_the_distance_alone(x64):
    q, k = jax.random.normal(jax.random.key(0), (2, 8))
    places = [rotate(jnp.broadcast_to(a, (9, 8)), 50.0, 1) for a in (q, k)]
    products = places[0] @ places[1].T
    for distance in range(-8, 9):
        diagonal = jnp.diagonal(products, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-13)


def test_an_odd_number_of_features_is_refused():
    with pytest.raises(LayerError, match="even features"):
        rotary().init(jax.random.key(0), jax.ShapeDtypeStruct((2, 3), jnp.float32))
