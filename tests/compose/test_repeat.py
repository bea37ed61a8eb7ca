"""repeat: one scan each way, stacked parameters, keys of their own, compile time without depth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, repeat, serial
from fbp.layers import dense, dropout, tanh

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


def test_refused_counts_and_shapes():
    with pytest.raises(LayerError, match="repeat needs n >= 1, got 0"):
        repeat(dense(3), 0)
    message = (
        r"repeat needs dense\(4\) to keep its input's shape: "
        r"expected float32\[2, 3\], got float32\[2, 4\]"
    )
    with pytest.raises(LayerError, match=message):
        repeat(dense(4), 2).init(KEY, SPEC)
