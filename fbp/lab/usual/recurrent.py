"""A character LSTM."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jax import lax


def char_lstm_loss(params, state, batch, *, remat: bool = False):
    """Embedding, one LSTM as a scan over time, a head without bias."""
    lstm = params["body"]["lstm1"]
    x = params["body"]["tokens"].table[batch.inputs]

    def step(carry, x):
        h, c = carry
        z = x @ lstm.weight_x + h @ lstm.weight_h + lstm.bias
        i, f, g, o = jnp.split(z, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    if remat:
        step = jax.checkpoint(step)
    zeros = jnp.zeros((x.shape[0], lstm.weight_h.shape[0]), x.dtype)
    _, h = lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))
    logits = h.swapaxes(0, 1) @ params["head"].weight
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch.targets).mean(), state
