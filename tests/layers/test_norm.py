"""Norms against their formulas, far from mean 0 and variance 1, on ranks 2 to 5."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import group_norm, layer_norm, rms_norm
from fbp.layers.norm import NormParams

EPS = 1e-5


def by_layer(p, x):
    m, v = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return p.scale * (x - m) / jnp.sqrt(v + EPS) + p.bias


def by_group(p, x):
    """Two groups, over all axes but the batch."""
    halves = jnp.stack(jnp.split(x, 2, axis=-1))
    axes = tuple(range(2, halves.ndim))
    m, v = halves.mean(axes, keepdims=True), halves.var(axes, keepdims=True)
    return p.scale * jnp.concatenate((halves - m) / jnp.sqrt(v + EPS), axis=-1) + p.bias


def by_rms(p, x):
    return p.scale * x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPS)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (2, 3, 2, 4), (2, 2, 3, 2, 4)])
@pytest.mark.parametrize(
    ("layer", "formula"),
    [(layer_norm(), by_layer), (group_norm(2), by_group), (rms_norm(), by_rms)],
    ids=["layer", "group", "rms"],
)
def test_value_and_gradient_equal_the_formula(x64, layer, formula, shape):
    keys = jax.random.split(jax.random.key(0), 4)
    x = 20 + 50 * jax.random.normal(keys[0], shape)
    dy = jax.random.normal(keys[1], shape)
    params, _ = layer.init(keys[0], jax.ShapeDtypeStruct(x.shape, x.dtype))
    params = jax.tree.map(lambda a: a + jax.random.normal(keys[2], a.shape), params)

    @jax.jit
    def both(params, x):
        y, _, res = layer.forward(params, (), x, Context())
        expected, pull = jax.vjp(formula, params, x)
        return (y, *layer.vjp(params, res, dy)), (expected, *pull(dy))

    found, expected = both(params, x)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found, expected)


def test_dx_has_no_part_along_a_shift_or_the_input_itself(x64):
    """y stays where x is shifted or stretched, so dx is orthogonal to 1 and, but for eps, x."""
    x = 3 + 5 * jax.random.normal(jax.random.key(0), (2, 6))
    params = NormParams(jnp.arange(1.0, 7), jnp.zeros(6))
    layer = layer_norm(eps=0.0)
    _, _, res = layer.forward(params, (), x, Context())
    _, dx = layer.vjp(params, res, jax.random.normal(jax.random.key(1), (2, 6)))
    np.testing.assert_allclose(dx.sum(-1), 0, atol=1e-14)
    np.testing.assert_allclose((dx * x).sum(-1), 0, atol=1e-13)


def test_bfloat16_statistics_are_float32s():
    """A mean of 4096 bfloat16 numbers around 1 needs more than 8 bits."""
    x = (1 + jax.random.normal(jax.random.key(0), (1, 4096)) / 8).astype(jnp.bfloat16)
    layer = layer_norm()
    params, _ = layer.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, x.dtype))
    y, _, res = layer.forward(params, (), x, Context())
    assert (y.dtype, res.inverse_std.dtype) == (jnp.bfloat16, jnp.float32)
    wide = np.asarray(x, np.float64)
    np.testing.assert_allclose(res.inverse_std[0, 0], 1 / np.sqrt(wide.var() + EPS), rtol=1e-5)


def test_groups_divide_the_features():
    with pytest.raises(LayerError, match="multiple of 3"):
        group_norm(3).init(jax.random.key(0), jax.ShapeDtypeStruct((2, 4), jnp.float32))
