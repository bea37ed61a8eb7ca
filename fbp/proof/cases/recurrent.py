"""Recurrent layers: plain, ragged, truncated, and from a given initial carry."""

import jax
import jax.numpy as jnp

from fbp.layers import gru, lstm, rnn
from fbp.layers.recurrent import Sequence
from fbp.proof.cases.case import Case, Draw, normal


def sequence(
    batch: int, length: int, inputs: int, hidden: int, carry: int, *, ragged: bool, initial: bool
) -> Draw:
    """A Sequence; ragged: of lengths 0, 1, ..., padded at the end."""

    def draw(key, dtype):
        x = normal(batch, length, inputs)(key, dtype)
        keys = jax.random.split(key, carry)
        start = tuple(0.5 * normal(batch, hidden)(k, dtype) for k in keys)
        keep = jnp.arange(length) < jnp.arange(batch)[:, None]
        return Sequence(x, start if initial else None, keep if ragged else None)

    return draw


x = normal(2, 5, 3)
CASES = (
    Case("rnn", rnn(4), x),
    Case("rnn/truncate", rnn(4, truncate=2), x, stops_gradient=True),
    Case("rnn/sequence", rnn(4), sequence(3, 4, 2, 4, 1, ragged=True, initial=True)),
    Case("lstm", lstm(3), x),
    Case("lstm/truncate", lstm(3, truncate=3), x, stops_gradient=True),
    Case("lstm/initial", lstm(3), sequence(2, 4, 2, 3, 2, ragged=False, initial=True)),
    Case("lstm/ragged", lstm(3), sequence(4, 3, 2, 3, 2, ragged=True, initial=False)),
    Case("lstm/length1", lstm(3), normal(2, 1, 2)),
    Case("gru", gru(3), x),
    Case("gru/truncate", gru(3, truncate=2), x, stops_gradient=True),
    Case("gru/sequence", gru(3), sequence(3, 4, 2, 3, 1, ragged=True, initial=True)),
)
