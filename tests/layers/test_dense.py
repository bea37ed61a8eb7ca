"""dense: the closed form, the bias as a weight on an input of 1, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import LayerError
from fbp.layers import dense
from fbp.layers.dense import DenseParams, dense_forward, dense_jvp, dense_vjp, matmul, sum_rows

W = jnp.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
B = jnp.array([10.0, 20.0])
X = jnp.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]])
DY = jnp.array([[1.0, -2.0], [0.5, 4.0]])


def test_closed_form():
    y, res = dense_forward(DenseParams(W, B), X)
    np.testing.assert_array_equal(y, [[20.0, 21.5], [12.0, 18.5]])
    dparams, dx = dense_vjp(DenseParams(W, B), res, DY)
    np.testing.assert_array_equal(dparams.weight, [[0.5, -6.0], [2.0, -4.0], [3.5, -2.0]])
    np.testing.assert_array_equal(dparams.bias, [1.5, 2.0])
    np.testing.assert_array_equal(dx, [[-3.0, 2.0, 2.0], [8.5, -4.0, 3.5]])
    ty = dense_jvp(DenseParams(W, B), res, DenseParams(jnp.ones((3, 2)), B), 2 * X)
    np.testing.assert_array_equal(ty, 2 * (y - B) + X.sum(1, keepdims=True) + B)


def test_the_bias_is_a_weight_on_an_input_of_one():
    """x W + b = [x, 1] [W; b], in all three functions."""
    joined = DenseParams(jnp.concatenate([W, B[None]]), None)
    x1 = jnp.concatenate([X, jnp.ones((2, 1))], axis=1)
    y, res = dense_forward(DenseParams(W, B), X)
    y1, res1 = dense_forward(joined, x1)
    np.testing.assert_array_equal(y1, y)
    dparams, dx = dense_vjp(DenseParams(W, B), res, DY)
    dparams1, dx1 = dense_vjp(joined, res1, DY)
    np.testing.assert_array_equal(dparams1.weight, [*dparams.weight, dparams.bias])
    np.testing.assert_array_equal(dx1[:, :3], dx)
    ty = dense_jvp(DenseParams(W, B), res, DenseParams(W, B), X)
    tx1 = jnp.concatenate([X, jnp.zeros((2, 1))], axis=1)
    np.testing.assert_array_equal(dense_jvp(joined, res1, joined, tx1), ty)


def test_leading_dimensions_are_one_batch():
    x, dy = jnp.arange(24.0).reshape(2, 4, 3), jnp.arange(16.0).reshape(2, 4, 2)
    dparams, dx = dense_vjp(DenseParams(W, B), x, dy)
    flat, dx_flat = dense_vjp(DenseParams(W, B), x.reshape(8, 3), dy.reshape(8, 2))
    jax.tree.map(np.testing.assert_array_equal, dparams, flat)
    np.testing.assert_array_equal(dx.reshape(8, 3), dx_flat)


def test_bfloat16_is_accumulated_in_float32():
    ones = jnp.ones((1000, 1), jnp.bfloat16)
    assert matmul(ones.T, ones)[0, 0] == 1000  # one by one in bfloat16 it would stop at 256
    assert sum_rows(ones)[0] == 1000


def test_without_bias_there_is_no_bias():
    params, _ = dense(2, use_bias=False).init(jax.random.key(0), jax.ShapeDtypeStruct((3,), "f4"))
    assert params.bias is None
    assert dense_vjp(params, X, DY)[0].bias is None


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((), "float32", r"dense takes floating \(..., inputs\), got float32\[\]"),
        ((4, 3), "int32", r"dense takes floating \(..., inputs\), got int32\[4, 3\]"),
    ],
)
def test_refused_inputs(shape, dtype, message):
    with pytest.raises(LayerError, match=message):
        dense(2).init(jax.random.key(0), jax.ShapeDtypeStruct(shape, dtype))


def test_no_features():
    with pytest.raises(LayerError, match="dense needs features >= 1, got 0"):
        dense(0)
