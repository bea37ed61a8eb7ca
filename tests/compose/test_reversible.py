"""Reversible blocks: their formula, the way back, and a chain that keeps its output only."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.compose import repeat, reversible, serial
from fbp.layer import Context, LayerError
from fbp.layers import dense, dropout, relu, tanh

SHAPE = jax.ShapeDtypeStruct((3, 6), jnp.float32)


def chained(f, g, n):
    return repeat(reversible(f, g), n, save="reversible")


def plain(params, x, n):
    """The blocks as they are written in the paper, f = tanh(x W + b), g = relu(x W + b)."""
    x1, x2 = jnp.split(x, 2, axis=-1)
    (f, _), (g, _) = params["f"], params["g"]
    for i in range(n):
        x1 = x1 + jnp.tanh(x2 @ f.weight[i] + f.bias[i])
        x2 = x2 + jax.nn.relu(x1 @ g.weight[i] + g.bias[i])
    return jnp.concatenate([x1, x2], axis=-1)


def test_value_and_gradient_equal_the_formula(x64):
    net = chained(serial(dense(3), tanh()), serial(dense(3), relu()), 3)
    wide = jax.ShapeDtypeStruct(SHAPE.shape, jnp.float64)
    params, state = net.init(jax.random.key(0), wide)
    x, dy = jax.random.normal(jax.random.key(1), (2, 3, 6))

    @jax.jit
    def both(params, x):
        y, _, res = net.forward(params, state, x, Context())
        expected, pull = jax.vjp(lambda p, x: plain(p, x, 3), params, x)
        return (y, *net.vjp(params, res, dy)), (expected, *pull(dy))

    found, expected = both(params, x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found, expected)


def test_the_way_back_draws_the_masks_of_the_way_forward(x64):
    """With other masks x would not come back, and the gradient would be that of another net."""
    net = chained(serial(dense(3), dropout(0.5)), serial(dense(3), dropout(0.5)), 2)
    wide = jax.ShapeDtypeStruct(SHAPE.shape, jnp.float64)
    params, state = net.init(jax.random.key(0), wide)
    x, dy = jax.random.normal(jax.random.key(1), (2, 3, 6))
    ctx = Context(jax.random.key(2))

    @jax.jit
    def both(x):
        _, _, res = net.forward(params, state, x, ctx)
        _, pull = jax.vjp(lambda x: net.forward(params, state, x, ctx)[0], x)
        return net.vjp(params, res, dy)[1], pull(dy)[0]

    found, expected = both(x)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_undo_gives_back_the_input_and_the_residuals(x64):
    net = reversible(serial(dense(3), tanh()), serial(dense(3), dropout(0.5)))
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct(SHAPE.shape, jnp.float64))
    x, ctx = jax.random.normal(jax.random.key(1), SHAPE.shape), Context(jax.random.key(2))
    y, _, res = net.forward(params, state, x, ctx)
    found = net.undo(params, state, y, ctx)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-14), found, (x, res))


def test_residuals_do_not_grow_with_depth():
    sizes = []
    for n in (1, 8):
        net = chained(serial(dense(3), tanh()), dense(3), n)
        params, state = jax.eval_shape(lambda k, net=net: net.init(k, SHAPE), jax.random.key(0))
        res = jax.eval_shape(
            lambda p, x, net=net, state=state: net.forward(p, state, x, Context())[2], params, SHAPE
        )
        sizes.append(sum(a.size for a in jax.tree.leaves(res)))
    assert sizes == [3 * 6, 3 * 6]  # the output


def test_what_does_not_fit_is_refused():
    with pytest.raises(LayerError, match="odd"):
        reversible(dense(2), dense(2)).init(
            jax.random.key(0), jax.ShapeDtypeStruct((1, 5), jnp.float32)
        )
    with pytest.raises(LayerError, match="g to keep its input's shape"):
        reversible(dense(3), dense(2)).init(jax.random.key(0), SHAPE)
