"""parallel: values in a sum or side by side, gradients add; outputs that do not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, parallel
from fbp.layers import dense, identity, tanh

KEY = jax.random.key(0)
X = jnp.array([[1.0, -2.0], [0.5, 3.0]])
SPEC = jax.ShapeDtypeStruct(X.shape, X.dtype)


def test_a_value_used_twice_gets_both_gradients():
    twice = parallel(identity(), identity())
    y, _, res = twice.forward(((), ()), ((), ()), X, Context())
    np.testing.assert_array_equal(y, 2 * X)
    np.testing.assert_array_equal(twice.vjp(((), ()), res, X)[1], 2 * X)


def test_concatenation_keeps_the_order_and_splits_the_cotangent():
    net = parallel(a=identity(), b=tanh(), combine="concat")
    empty = {"a": (), "b": ()}
    y, _, res = net.forward(empty, empty, X, Context())
    np.testing.assert_array_equal(y, jnp.concatenate([X, jnp.tanh(X)], axis=1))
    dy = jnp.array([[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 0.0]])
    np.testing.assert_array_equal(net.vjp(empty, res, dy)[1], dy[:, :2])


@pytest.mark.parametrize(
    ("combine", "layers", "message"),
    [
        (
            "sum",
            (dense(3), dense(4)),
            r"layer 1: parallel sums outputs of one shape: expected float32\[2, 3\], "
            r"got float32\[2, 4\]",
        ),
        (
            "concat",
            (dense(3), identity()._replace(forward=lambda p, s, x, ctx: (x[:1], s, x))),
            r"layer 1: parallel concatenates along the last axis: expected float32\[2, 3\], "
            r"got float32\[1, 3\]",
        ),
    ],
)
def test_misfits_show_both_shapes(combine, layers, message):
    with pytest.raises(LayerError, match=message):
        parallel(*layers, combine=combine).init(KEY, SPEC)


def test_unknown_way_to_combine():
    with pytest.raises(LayerError, match="combine is 'sum' or 'concat', got 'mean'"):
        parallel(dense(2), combine="mean")
