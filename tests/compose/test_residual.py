"""residual: y = x + f(x), dx = dy + f'(x)^T dy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, residual, serial
from fbp.layers import dense, relu


def test_gradients_add():
    x = jnp.array([-1.0, 2.0])
    y, _, res = residual(relu()).forward((), (), x, Context())
    np.testing.assert_array_equal(y, [-1.0, 4.0])
    np.testing.assert_array_equal(residual(relu()).vjp((), res, x)[1], [-1.0, 4.0])
    np.testing.assert_array_equal(residual(relu()).jvp((), res, (), x), [-1.0, 4.0])


def test_a_change_of_shape_names_the_path_and_both_shapes():
    net = serial(stem=dense(4), block=residual(dense(3)))
    message = (
        r"^layer block: residual needs dense\(3\) to keep its input's shape: "
        r"expected float32\[2, 4\], got float32\[2, 3\]$"
    )
    with pytest.raises(LayerError, match=message):
        net.init(jax.random.key(0), jax.ShapeDtypeStruct((2, 5), "float32"))
