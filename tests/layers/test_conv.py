"""Convolution and its transpose against lax and its autodiff, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from fbp.compose.parts import init_and_shape
from fbp.layer import Context, LayerError
from fbp.layers import conv, conv_transpose

SETTINGS = {
    "plain": ((2, 5, 6, 3), 4, (3, 2), {}),
    "valid": ((2, 5, 6, 3), 4, (3, 2), {"padding": "VALID"}),
    "stride": ((2, 7, 6, 3), 2, (3, 2), {"stride": (2, 3)}),
    "stride_leaves_rows": ((2, 8, 9, 1), 2, (3, 2), {"stride": 3, "padding": "VALID"}),
    "stride_over_kernel": ((1, 7, 7, 2), 3, (1, 1), {"stride": 2, "padding": "VALID"}),
    "dilation": ((2, 7, 8, 2), 3, (3, 2), {"dilation": (2, 3)}),
    "asymmetric": ((2, 4, 5, 2), 3, (3, 3), {"padding": ((0, 2), (3, 1))}),
    "padding_over_kernel": ((1, 4, 4, 2), 3, (2, 2), {"padding": ((3, 2), (0, 4))}),
    "groups": ((2, 5, 5, 4), 6, (3, 2), {"groups": 2}),
    "depthwise": ((2, 4, 5, 3), 6, (2, 3), {"groups": 3}),
    "all": (
        (2, 9, 8, 4),
        6,
        (3, 2),
        {"stride": (2, 3), "dilation": (2, 1), "padding": ((2, 1), (0, 3)), "groups": 2},
    ),
    "no_bias": ((2, 4, 4, 2), 3, (2, 2), {"use_bias": False}),
    "sequence": ((2, 7, 3), 4, (3,), {"stride": 2, "dilation": 2}),
    "volume": ((1, 3, 4, 3, 2), 2, (2, 2, 2), {"stride": 2}),
}


def reference(settings):
    """What conv computes, by one call of lax."""
    rank = len(settings[2])
    space = "DHW"[-rank:]
    stride, dilation = (
        (v,) * rank if isinstance(v, int) else v
        for v in (settings[3].get(k, 1) for k in ("stride", "dilation"))
    )

    def f(params, x):
        y = lax.conv_general_dilated(
            x,
            params.weight,
            stride,
            settings[3].get("padding", "SAME"),
            rhs_dilation=dilation,
            feature_group_count=settings[3].get("groups", 1),
            dimension_numbers=(f"N{space}C", f"{space}IO", f"N{space}C"),
        )
        return y if params.bias is None else y + params.bias

    return f


def normal_like(tree, seed):
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda a: jnp.asarray(rng.standard_normal(a.shape), a.dtype), tree)


def point(layer, shape, dtype=jnp.float64):
    """(params, x), random and with a bias that is not zero."""
    x = jax.ShapeDtypeStruct(shape, dtype)
    params, _ = layer.init(jax.random.key(1), x)
    return normal_like(params, 2), normal_like(x, 3)


def close(found, expected, bound=1e-10):
    def check(f, e):
        assert (f.shape, f.dtype) == (e.shape, e.dtype)
        np.testing.assert_allclose(f, e, rtol=0, atol=bound * max(1, np.abs(e).max(initial=0)))

    jax.tree.map(check, found, expected)


def rules_and_autodiff(layer, f, params, x):
    """((y, ty, dparams, dx) by the layer's rules, the same by autodiff of f, and <dy, ty>)."""
    dy, tparams, tx = (
        normal_like(t, i) for i, t in enumerate((jax.eval_shape(f, params, x), params, x), start=5)
    )

    @jax.jit
    def both(params, x, tparams, tx, dy):
        y, _, res = layer.forward(params, (), x, Context())
        by_rules = (y, layer.jvp(params, res, tparams, tx), *layer.vjp(params, res, dy))
        y, pull = jax.vjp(f, params, x)
        _, ty = jax.jvp(f, (params, x), (tparams, tx))
        return by_rules, (y, ty, *pull(dy))

    found, expected = both(params, x, tparams, tx, dy)
    pushed = np.vdot(dy, found[1])
    products = jax.tree.map(np.vdot, found[2:], (tparams, tx))
    return found, expected, pushed, sum(jax.tree.leaves(products))


@pytest.mark.parametrize("name", SETTINGS)
def test_agrees_with_autodiff_and_with_its_transpose(x64, name):
    shape, features, kernel, options = SETTINGS[name]
    layer = conv(features, kernel, **options)
    params, x = point(layer, shape)
    found, expected, pushed, pulled = rules_and_autodiff(
        layer, reference(SETTINGS[name]), params, x
    )
    close(found, expected)
    np.testing.assert_allclose(pushed, pulled, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("padding", "space"),
    [("SAME", (6, 9)), ("VALID", (6, 9)), (((0, 1), (1, 1)), (5, 7))],
)
def test_transposed_agrees_with_autodiff_and_is_the_transpose_of_conv(x64, padding, space):
    settings = {"stride": (2, 3), "padding": padding}
    layer = conv_transpose(3, (2, 3), **settings)
    params, x = point(layer, (2, 3, 3, 4))
    # conv from y's shape to x's, whose kernel has channels and features exchanged
    down = conv(4, (2, 3), use_bias=False, **settings)
    kernel = reference(((), 4, (2, 3), settings))

    def transposed(params, x):
        weight = jnp.swapaxes(params.weight, -1, -2)
        shape = jax.ShapeDtypeStruct((2, *space, 3), x.dtype)
        bare = params._replace(weight=weight, bias=None)
        (y,) = jax.linear_transpose(lambda y: kernel(bare, y), shape)(x)
        return y + params.bias

    found, expected, pushed, pulled = rules_and_autodiff(layer, transposed, params, x)
    close(found, expected)
    np.testing.assert_allclose(pushed, pulled, rtol=1e-12)
    y = jax.ShapeDtypeStruct(found[0].shape, x.dtype)
    assert init_and_shape(down, jax.random.key(0), y)[2].shape == x.shape


def test_a_transposed_convolution_worked_by_hand():
    layer = conv_transpose(1, (3,), stride=2, padding="VALID", use_bias=False)
    params, _ = layer.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 2, 1), "float32"))
    params = params._replace(weight=jnp.asarray([1.0, 2.0, 3.0]).reshape(3, 1, 1))
    y, _, _ = layer.forward(params, (), jnp.asarray([1.0, 10.0]).reshape(1, 2, 1), Context())
    np.testing.assert_array_equal(y.ravel(), [1, 2, 3 + 10, 20, 30])


def test_bfloat16_accumulates_in_float32():
    layer = conv(1, (16, 16), padding="VALID")
    x = jnp.ones((1, 16, 16, 4), jnp.bfloat16)
    params, _ = layer.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, x.dtype))
    params = params._replace(weight=jnp.ones_like(params.weight))
    y, _, res = layer.forward(params, (), x, Context())
    assert y.dtype == jnp.bfloat16
    assert float(y.squeeze()) == 1024  # in bfloat16, 256 + 1 is 256
    dparams, dx = layer.vjp(params, res, jnp.ones_like(y))
    assert {a.dtype.name for a in jax.tree.leaves((dparams, dx))} == {"bfloat16"}


@pytest.mark.parametrize(
    ("make", "shape", "problem"),
    [
        (lambda: conv(4, (3, 3)), (2, 8, 3), r"takes floating \(batch, height, width, channels\)"),
        (lambda: conv(4, (3,)), (2, 8, 8, 3), r"takes floating \(batch, width, channels\)"),
        (lambda: conv(4, (3, 3), groups=2), (2, 8, 8, 3), "3 channels do not divide into 2 groups"),
        (lambda: conv(3, (3, 3), groups=2), (2, 8, 8, 4), "got 3 and 2"),
        (lambda: conv(0, (3, 3)), (2, 8, 8, 4), "got 0 and 1"),
        (lambda: conv(4, (5, 3), padding="VALID"), (2, 4, 8, 3), "does not fit into"),
        (lambda: conv(4, (3, 3), stride=0), (2, 8, 8, 3), "stride >= 1"),
        (lambda: conv(4, (3, 3), stride=(1,)), (2, 8, 8, 3), "stride >= 1 for each"),
        (lambda: conv(4, (3, 3), padding="FULL"), (2, 8, 8, 3), "got 'FULL'"),
        (lambda: conv(4, (3, 3), padding=((1, 1),)), (2, 8, 8, 3), "each of 2 axes"),
        (lambda: conv_transpose(4, (3, 3)), (2, 8, 3), "conv_transpose takes floating"),
        (
            lambda: conv_transpose(4, (2, 2), padding=((1, 1), (0, 0))),
            (2, 1, 8, 3),
            "leaves an output",
        ),
    ],
)
def test_what_does_not_fit_is_named(make, shape, problem):
    with pytest.raises(LayerError, match=problem):
        make().init(jax.random.key(0), jax.ShapeDtypeStruct(shape, "float32"))


def test_integers_are_refused():
    with pytest.raises(LayerError, match="int32"):
        conv(4, (3, 3)).init(jax.random.key(0), jax.ShapeDtypeStruct((2, 8, 8, 3), "int32"))
