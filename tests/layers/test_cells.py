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


def test_an_open_forget_gate_passes_the_cell_state_on():
    """f = 1, i = 0: c' = c, and its cotangent comes back whole: the constant error carousel."""
    _, saved = LSTM.forward((row(0.3), row(0.7)), row(-100.0, 100.0, 0.0, 0.0), row(0, 0, 0, 0.0))
    (dh, dc), dzx, _ = LSTM.vjp(saved, (row(0.0), row(1.5)))
    assert (float(dh[0, 0]), float(dc[0, 0])) == (0, 1.5)
    assert not dzx.any()
