"""flatten: all axes but the first, also of nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError
from fbp.layers import flatten


@pytest.mark.parametrize("shape", [(2, 3, 4), (2,), (0, 3, 4), (2, 0)])
def test_there_and_back(shape):
    x = jnp.arange(float(np.prod(shape))).reshape(shape)
    y, _, res = flatten().forward((), (), x, Context())
    np.testing.assert_array_equal(y, np.reshape(x, (shape[0], int(np.prod(shape[1:])))))
    np.testing.assert_array_equal(flatten().jvp((), res, (), x), y)
    np.testing.assert_array_equal(flatten().vjp((), res, y)[1], x)
    assert sum(leaf.size for leaf in jax.tree.leaves(res)) == 0  # a shape costs no memory


def test_a_scalar_is_refused():
    with pytest.raises(LayerError, match=r"flatten takes \(batch, ...\), got a scalar"):
        flatten().init(jax.random.key(0), jax.ShapeDtypeStruct((), "float32"))
