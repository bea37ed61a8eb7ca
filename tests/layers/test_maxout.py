"""maxout: the largest piece, the first among equals, and only it learns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError
from fbp.layers import maxout
from fbp.layers.maxout import MaxoutParams

# One input, one feature, three pieces: x, -x and 0.
ABS = MaxoutParams(jnp.array([[1.0, -1.0, 0.0]]), jnp.zeros(3))


def run(x):
    y, _, res = maxout(1, 3).forward(ABS, (), jnp.array([[x]]), Context())
    dparams, dx = maxout(1, 3).vjp(ABS, res, jnp.array([[5.0]]))
    zero = jax.tree.map(jnp.zeros_like, ABS)
    ty = maxout(1, 3).jvp(ABS, res, zero, jnp.array([[5.0]]))
    return float(y[0, 0]), dparams, float(dx[0, 0]), float(ty[0, 0])


@pytest.mark.parametrize(("x", "winner"), [(2.0, 0), (-3.0, 1)])
def test_absolute_value(x, winner):
    y, dparams, dx, ty = run(x)
    assert (y, dx, ty) == (abs(x), 5 * np.sign(x), 5 * np.sign(x))
    np.testing.assert_array_equal(dparams.bias, 5 * np.eye(3)[winner])
    np.testing.assert_array_equal(dparams.weight, [5 * x * np.eye(3)[winner]])


def test_a_tie_goes_to_the_first_piece_alone():
    y, dparams, dx, ty = run(0.0)
    assert (y, dx, ty) == (0.0, 5.0, 5.0)
    np.testing.assert_array_equal(dparams.bias, [5.0, 0.0, 0.0])


@pytest.mark.parametrize(("features", "pieces"), [(0, 2), (3, 0), (3, 128)])
def test_refused_sizes(features, pieces):
    message = f"maxout needs features >= 1 and 1 <= pieces <= 127, got {features} and {pieces}"
    with pytest.raises(LayerError, match=message):
        maxout(features, pieces)


def test_integers_are_refused():
    with pytest.raises(LayerError, match=r"maxout takes floating .* got int32\[4, 2\]"):
        maxout(3).init(jax.random.key(0), jax.ShapeDtypeStruct((4, 2), "int32"))
