"""Images as tokens, a token in front, and the first one out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import class_token, first_token, patches
from fbp.layers.patches import TokenParams, cut


def test_patches_run_row_by_row_and_so_do_their_pixels():
    image = jnp.arange(24.0).reshape(1, 4, 6, 1)
    tokens = cut(image, 2)
    assert tokens.shape == (1, 6, 4)
    assert tokens[0, 0].tolist() == [0, 1, 6, 7]
    assert tokens[0, 1].tolist() == [2, 3, 8, 9]
    assert tokens[0, 3].tolist() == [12, 13, 18, 19]


def test_every_pixel_gets_its_own_cotangent_back():
    x = jax.random.normal(jax.random.key(0), (2, 4, 6, 3))
    layer = patches(2)
    y, _, res = layer.forward((), (), x, Context())
    np.testing.assert_array_equal(layer.vjp((), res, y)[1], x)


def test_the_token_learns_from_the_whole_batch_and_x_from_its_own_place():
    layer, params = class_token(), TokenParams(jnp.array([7.0, 8.0]))
    x = jnp.zeros((3, 2, 2))
    y, _, res = layer.forward(params, (), x, Context())
    np.testing.assert_array_equal(y[:, 0], jnp.broadcast_to(params.token, (3, 2)))
    dy = jnp.arange(18.0).reshape(3, 3, 2)
    dparams, dx = layer.vjp(params, res, dy)
    np.testing.assert_array_equal(dparams.token, dy[:, 0].sum(0))
    np.testing.assert_array_equal(dx, dy[:, 1:])


def test_only_the_first_token_is_seen():
    x = jnp.arange(12.0).reshape(2, 3, 2)
    y, _, res = first_token().forward((), (), x, Context())
    np.testing.assert_array_equal(y, x[:, 0])
    dx = first_token().vjp((), res, y)[1]
    np.testing.assert_array_equal(dx[:, 0], y)
    assert not dx[:, 1:].any()


def test_sides_that_are_not_whole_patches_are_refused():
    with pytest.raises(LayerError, match="multiples of 4"):
        patches(4).init(jax.random.key(0), jax.ShapeDtypeStruct((1, 8, 6, 3), jnp.float32))
