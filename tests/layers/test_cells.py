"""Cells at a point worked by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layers.cells import GRU, LSTM, RNN

s = 1 / (1 + np.exp(-1.0))  # the sigmoid of 1


def row(*values):
    return jnp.array([values])


@pytest.mark.parametrize(
    ("cell", "carry", "zx", "zh", "expected"),
    [
        (RNN, (row(9.0),), row(0.5), row(0.25), (np.tanh(0.75),)),
        # Gates in the order input, forget, candidate, output.
        (
            LSTM,
            (row(9.0), row(2.0)),
            row(1.0, 0.0, 0.5, 1.0),
            row(0.0, 0.0, 0.5, 0.0),
            (s * np.tanh(1 + s * np.tanh(1)), 1 + s * np.tanh(1)),
        ),
        # Gates in the order reset, update, candidate; the reset gate is behind the product.
        (
            GRU,
            (row(4.0),),
            row(1.0, 0.0, 0.5),
            row(0.0, 0.0, 0.25),
            (0.5 * np.tanh(0.5 + s * 0.25) + 0.5 * 4.0,),
        ),
    ],
    ids=["rnn", "lstm", "gru"],
)
def test_one_step(x64, cell, carry, zx, zh, expected):
    new, _ = cell.forward(carry, zx, zh)
    np.testing.assert_allclose(np.concatenate(new).ravel(), expected, rtol=1e-6)


def test_gates_in_bfloat16_are_those_in_float32_rounded():
    """Far below 0 the sigmoid by tanh cancels: in 8 bits it would be 0 from z = -7 on."""
    z = jnp.linspace(-10, 10, 81, dtype=jnp.bfloat16)
    zeros = jnp.zeros((1, z.size), jnp.bfloat16)
    _, (gates, *_) = LSTM.forward((zeros, zeros), jnp.tile(z, 4)[None], jnp.tile(zeros, 4))
    i, f, g, o = jnp.split(gates[0].astype(jnp.float32), 4)
    z = np.asarray(z, np.float32)
    for gate in (i, f, o):
        np.testing.assert_allclose(gate, 1 / (1 + np.exp(-z)), rtol=2**-7)
    np.testing.assert_allclose(g, np.tanh(z), rtol=2**-7)


def test_an_open_forget_gate_passes_the_cell_state_on():
    """f = 1, i = 0: c' = c, and its cotangent comes back whole: the constant error carousel."""
    _, saved = LSTM.forward((row(0.3), row(0.7)), row(-100.0, 100.0, 0.0, 0.0), row(0, 0, 0, 0.0))
    (dh, dc), dzx, _ = LSTM.vjp(saved, (row(0.0), row(1.5)))
    assert (float(dh[0, 0]), float(dc[0, 0])) == (0, 1.5)
    assert not dzx.any()
