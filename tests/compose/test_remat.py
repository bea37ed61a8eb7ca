"""remat keeps the input only, and recomputes what the first forward computed."""

import jax
import jax.numpy as jnp
import numpy as np

from fbp import Context, remat, serial
from fbp.layers import dense, dropout, tanh

NET = serial(dense(50), tanh(), dropout(0.5), dense(1))
X = jnp.ones((4, 3))


def test_residuals_are_the_arguments():
    params, state = NET.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))
    ctx = Context(jax.random.key(1))
    y, _, res = remat(NET).forward(params, state, X, ctx)
    kept = [a.shape for a in jax.tree.leaves(res) if jnp.issubdtype(a.dtype, jnp.floating)]
    assert kept == [X.shape]
    _, _, plain = NET.forward(params, state, X, ctx)
    expected = NET.vjp(params, plain, y)
    jax.tree.map(np.testing.assert_array_equal, remat(NET).vjp(params, res, y), expected)


def test_the_compiler_may_not_share_the_two_forwards():
    params, state = NET.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))

    def gradient(params, x):
        y, _, res = remat(NET).forward(params, state, x, Context(jax.random.key(1)))
        return remat(NET).vjp(params, res, y)

    assert "optimization_barrier" in str(jax.make_jaxpr(gradient)(params, X))
