"""Pooling against lax.reduce_window and its autodiff, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from fbp.layer import Context, LayerError
from fbp.layers import avg_pool, global_avg_pool, max_pool

SETTINGS = {
    "tiles": ((2, 4, 6, 3), (2, 3), {}),
    "tiles_leave_rows": ((2, 5, 7, 2), (2, 3), {}),
    "tiles_padded": ((2, 4, 5, 2), (3, 2), {"padding": ((1, 2), (0, 1))}),
    "overlapping": ((2, 5, 6, 2), (3, 2), {"stride": 1}),
    "overlapping_padded": ((2, 7, 7, 2), (3, 3), {"stride": 2, "padding": ((1, 1), (1, 1))}),
    "same": ((1, 7, 6, 2), (3, 4), {"stride": (2, 3), "padding": "SAME"}),
    "gaps": ((2, 7, 8, 1), (2, 2), {"stride": 3}),
    "sequence": ((2, 7, 3), (3,), {"stride": 2}),
}


def pads(shape, window, stride=None, padding="VALID"):
    """(window, stride, padding) as lax.reduce_window takes them."""
    stride = stride or window
    stride = (stride,) * len(window) if isinstance(stride, int) else stride
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(shape[1:-1], window, stride, padding)
    return (1, *window, 1), (1, *stride, 1), ((0, 0), *padding, (0, 0))


def reference_max(x, at):
    return lax.reduce_window(x, -jnp.inf, lax.max, *at)


def reference_mean(x, at):
    total = lax.reduce_window(x, 0.0, lax.add, *at)
    return total / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, *at)


def compare_with_autodiff(layer, f, x):
    y = jax.eval_shape(f, x)
    rng = np.random.default_rng(1)
    dy, tx = rng.standard_normal(y.shape), rng.standard_normal(x.shape)

    @jax.jit
    def both(x, tx, dy):
        y, _, res = layer.forward((), (), x, Context())
        by_rules = y, layer.jvp((), res, (), tx), layer.vjp((), res, dy)[1]
        y, pull = jax.vjp(f, x)
        return by_rules, (y, jax.jvp(f, (x,), (tx,))[1], pull(dy)[0])

    found, expected = both(x, tx, dy)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.vdot(dy, found[1]), np.vdot(found[2], tx), rtol=1e-12)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    ("pool", "reference"), [(max_pool, reference_max), (avg_pool, reference_mean)]
)
def test_agrees_with_autodiff_and_with_its_transpose(x64, pool, reference, name):
    shape, window, options = SETTINGS[name]
    x = np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape) / 64  # no ties
    at = pads(shape, window, **options)
    compare_with_autodiff(pool(window, **options), lambda x: reference(x, at), x)


def test_global_average_agrees_with_autodiff(x64):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    compare_with_autodiff(global_avg_pool(), lambda x: x.mean(axis=(1, 2)), x)


@pytest.mark.parametrize("stride", [2, 1])
def test_the_first_of_ties_gets_all(stride):
    layer = max_pool((2, 2), stride=stride)
    x = jnp.zeros((1, 2, 2, 1))
    _, _, res = layer.forward((), (), x, Context())
    _, dx = layer.vjp((), res, jnp.full((1, 1, 1, 1), 3.0))
    np.testing.assert_array_equal(dx.ravel(), [3, 0, 0, 0])
    ty = layer.jvp((), res, (), jnp.arange(1.0, 5).reshape(x.shape))
    assert ty.item() == 1


def test_max_keeps_an_index_and_not_its_input():
    def residuals(window, shape):
        x = jax.ShapeDtypeStruct(shape, "float32")
        return jax.eval_shape(lambda x: max_pool(window).forward((), (), x, Context())[2], x)

    index, witness = residuals((2, 2), (2, 4, 4, 3))
    assert (index.shape, index.dtype) == ((2, 2, 2, 3), "int8")
    assert witness.size == 0
    assert residuals((12, 11), (1, 12, 11, 1))[0].dtype == "int32"


def test_nan_is_the_maximum_and_stays_in_its_window():
    x = jnp.asarray([1.0, jnp.nan, 2.0, 3.0, jnp.nan, jnp.nan]).reshape(1, 6, 1)
    y, _, res = max_pool((2,)).forward((), (), x, Context())
    np.testing.assert_array_equal(y.ravel(), [jnp.nan, 3, jnp.nan])
    np.testing.assert_array_equal(res[0].ravel(), [1, 1, 0])


def test_a_mean_counts_no_padding():
    layer = avg_pool((2,), padding=((1, 1),))
    x = jnp.asarray([4.0, 6.0, 8.0, 1.0]).reshape(1, 4, 1)
    y, _, res = layer.forward((), (), x, Context())
    np.testing.assert_array_equal(y.ravel(), [4, 7, 1])
    _, dx = layer.vjp((), res, jnp.asarray([1.0, 10, 100]).reshape(1, 3, 1))
    np.testing.assert_array_equal(dx.ravel(), [1, 5, 5, 100])


def test_bfloat16_accumulates_in_float32():
    x = jnp.ones((1, 32, 32, 1), jnp.bfloat16)
    for layer in (avg_pool((32, 32)), global_avg_pool()):
        y, _, _ = layer.forward((), (), x, Context())
        assert y.dtype == jnp.bfloat16
        assert y.item() == 1  # summed in bfloat16, 256 + 1 is 256
    layer = max_pool((8,), stride=1)
    x = jnp.zeros((1, 15, 1), jnp.bfloat16).at[0, 7].set(1)
    _, _, res = layer.forward((), (), x, Context())
    _, dx = layer.vjp((), res, jnp.ones((1, 8, 1), jnp.bfloat16).at[0, 0].set(256))
    assert dx.dtype == jnp.bfloat16
    assert dx.max() == 264  # 263 rounded; entry by entry, 256 + 1 is 256


@pytest.mark.parametrize(
    ("make", "shape", "problem"),
    [
        (lambda: max_pool((2, 2)), (2, 8, 3), r"max_pool takes floating \(batch, height, width"),
        (lambda: avg_pool((9, 2)), (2, 8, 8, 3), "avg_pool: a window .* does not fit"),
        (lambda: max_pool((2, 0)), (2, 8, 8, 3), "window >= 1"),
        (lambda: max_pool((2, 2), padding=((0, 2), (0, 0))), (2, 8, 8, 3), "outside of the input"),
        (lambda: global_avg_pool(), (2, 8), "global_avg_pool takes floating"),
    ],
)
def test_what_does_not_fit_is_named(make, shape, problem):
    with pytest.raises(LayerError, match=problem):
        make().init(jax.random.key(0), jax.ShapeDtypeStruct(shape, "float32"))
