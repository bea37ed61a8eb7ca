"""repeat: one scan each way, stacked parameters, keys of their own, compile time without depth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, repeat, residual, reversible, serial
from fbp.layers import dense, dropout, layer_norm, tanh

KEY = jax.random.key(0)
SPEC = jax.ShapeDtypeStruct((2, 3), "float32")


def test_parameters_are_stacked_and_differ():
    params, state = repeat(dense(3), 4).init(KEY, SPEC)
    assert params.weight.shape == (4, 3, 3)
    assert len(np.unique(params.weight)) == 4 * 9
    assert state == ()


def test_every_application_draws_a_mask_of_its_own_as_serial_does():
    x = jnp.ones((8, 50))
    ctx = Context(KEY)
    scanned = repeat(dropout(0.5), 3).forward((), (), x, ctx)[0]
    written = serial(*[dropout(0.5)] * 3).forward(((),) * 3, ((),) * 3, x, ctx)[0]
    np.testing.assert_array_equal(scanned, written)
    assert set(np.unique(scanned)) == {0.0, 8.0}


def equations(n):
    """How large the program of forward and vjp is."""
    net = repeat(serial(dense(3), tanh()), n)
    params, state = net.init(KEY, SPEC)

    def gradient(params, x):
        y, _, res = net.forward(params, state, x, Context())
        return net.vjp(params, res, y)

    return str(jax.make_jaxpr(gradient)(params, jnp.ones((2, 3)))).count("\n")


def test_the_program_does_not_grow_with_depth():
    assert equations(2) == equations(64)


BLOCK = residual(serial(layer_norm(), dense(12), tanh(), dropout(0.3), dense(3)))
SAVES = [{}, {"save": "inputs"}, {"save": "every_k", "every": 4}, {"save": "every_k", "every": 1}]
WIDE = jax.ShapeDtypeStruct((8, 6), jnp.float32)


def run(net, x=SPEC):
    """Value, gradient, and tangent of a net at a point that depends on the shapes alone."""
    params, state = net.init(KEY, x)
    x, dy = jax.random.normal(KEY, (2, *x.shape), x.dtype)

    @jax.jit
    def both(params, x, dy):
        y, _, res = net.forward(params, state, x, Context(KEY))
        return y, net.vjp(params, res, dy), net.jvp(params, res, params, dy)

    return both(params, x, dy)


@pytest.mark.parametrize("save", SAVES[1:], ids=str)
def test_what_is_kept_changes_no_number_and_no_parameter(x64, save):
    """With dropout: the masks are the same ones. The parameters are those of any other mode."""
    x = jax.ShapeDtypeStruct(SPEC.shape, jnp.float64)
    found, expected = (run(repeat(BLOCK, 4, **s), x) for s in (save, {}))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-13), found, expected)


def kept(net, x=SPEC):
    """Bytes of the residuals, without keys."""
    params, state = jax.eval_shape(lambda: net.init(KEY, x))
    res = jax.eval_shape(lambda p, s, x: net.forward(p, s, x, Context())[2], params, state, x)
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(res))


def test_what_is_kept():
    """n R, n X, n/k X and X, as the docstring says."""
    block, x = residual(serial(dense(12), tanh(), dense(3))), 2 * 3 * 4
    assert kept(repeat(block, 12)) == 12 * kept(block) > 12 * 4 * x
    assert kept(repeat(block, 12, save="inputs")) == 12 * x
    assert kept(repeat(block, 12, save="every_k", every=4)) == 3 * x
    halves = reversible(serial(dense(3), tanh()), dense(3))
    assert kept(repeat(halves, 12, save="reversible"), WIDE) == 8 * 6 * 4


def temporary(n, **save):
    """Bytes the compiled gradient of n blocks needs besides arguments and results."""
    block = serial(dense(32), tanh(), dense(4))
    x = jax.ShapeDtypeStruct((512, 4), jnp.float32)
    net = repeat(block, n, **save)
    params, state = jax.eval_shape(lambda: net.init(KEY, x))

    def gradient(params, x, dy):
        _, _, res = net.forward(params, state, x, Context())
        return net.vjp(params, res, dy)

    program = jax.jit(gradient).lower(params, x, x).compile()
    return program.memory_analysis().temp_size_in_bytes


def test_peak_memory_grows_as_stated():
    """In bytes per application of one more: R, X, and X / k."""
    x, hidden = 512 * 4 * 4, 512 * 32 * 4

    def growth(**save):
        return (temporary(64, **save) - temporary(32, **save)) / 32

    assert growth() >= x + hidden
    assert x <= growth(save="inputs") < 1.3 * x
    assert growth(save="every_k", every=8) < 0.4 * x


def test_refused_counts_and_shapes():
    with pytest.raises(LayerError, match="repeat needs n >= 1, got 0"):
        repeat(dense(3), 0)
    message = (
        r"repeat needs dense\(4\) to keep its input's shape: "
        r"expected float32\[2, 3\], got float32\[2, 4\]"
    )
    with pytest.raises(LayerError, match=message):
        repeat(dense(4), 2).init(KEY, SPEC)
    with pytest.raises(LayerError, match='"every_k" needs a divisor of 10, got 4'):
        repeat(dense(3), 10, save="every_k", every=4)
    with pytest.raises(LayerError, match="every = 2 is for save"):
        repeat(dense(3), 4, save="inputs", every=2)
    with pytest.raises(LayerError, match=r"such as reversible\(f, g\), got dense\(3\)"):
        repeat(dense(3), 2, save="reversible")
    with pytest.raises(LayerError, match="one of all, inputs, every_k, reversible, got 'some'"):
        repeat(dense(3), 2, save="some")
