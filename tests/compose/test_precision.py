"""in_dtype: arithmetic in one dtype, parameters and gradients in another."""

import jax
import jax.numpy as jnp
import numpy as np

from fbp import Context, in_dtype, serial
from fbp.layers import dense, embedding, tanh

NET = in_dtype(serial(dense(5), tanh(), dense(2)), "bfloat16")
X = jax.random.normal(jax.random.key(1), (4, 3))


def test_dtypes():
    params, state = NET.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))
    y, _, res = NET.forward(params, state, X, Context())
    ty = NET.jvp(params, res, params, X)
    dparams, dx = NET.vjp(params, res, y)
    _, _, ty_dual = NET.dual(params, state, X, Context(), params, X)
    inner = {a.dtype.name for a in jax.tree.leaves(res[0])}
    assert inner == {"bfloat16"}
    assert {a.dtype.name for a in jax.tree.leaves((y, ty, dparams, dx, ty_dual))} == {"float32"}
    np.testing.assert_array_equal(ty, ty_dual)


def test_values_are_rounded_to_bfloat16_but_no_more():
    params, state = NET.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))
    y = NET.forward(params, state, X, Context())[0]
    exact = NET.parts[0].layer.forward(params, state, X, Context())[0]
    error = np.max(np.abs(y - exact)) / np.max(np.abs(exact))
    assert 1e-4 < error < 2e-2


def test_integers_pass():
    net = in_dtype(embedding(3, 2), "bfloat16")
    ids = jnp.array([2, 0, 2])
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct(ids.shape, ids.dtype))
    y, _, res = net.forward(params, state, ids, Context())
    dparams, dx = net.vjp(params, res, jnp.ones_like(y))
    assert dx is None
    np.testing.assert_array_equal(dparams.table, [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])
