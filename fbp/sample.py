"""Text from a language model, a token at a time."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fbp.errors import FbpError
from fbp.layer import Context, Layer, PyTree


def sample(
    net: Layer,
    params: PyTree,
    state: PyTree,
    prompt: Sequence[int],
    *,
    length: int,
    tokens: int,
    temperature: float,
    key: jax.Array,
) -> np.ndarray:
    """int32 (tokens,): ids that continue those of `prompt`, drawn from softmax(logits/temperature).

    net: causal, ids (1, length) -> logits (1, length, vocabulary); it sees the last `length` ids.
    Temperature 0 always takes the likeliest. One program draws all: what is not there yet is filled
    with id 0, which a causal net cannot see from the places before.
    Raises FbpError for an empty prompt, tokens < 1, or a negative temperature.
    """
    if not prompt:
        raise FbpError("an empty prompt: give at least one character to go on from")
    if tokens < 1 or temperature < 0:
        raise FbpError(
            f"sampling needs tokens >= 1 and temperature >= 0, got {tokens} and {temperature:g}"
        )

    def draw(logits, key):
        if temperature == 0:
            return jnp.argmax(logits)
        return jax.random.categorical(key, logits / temperature)

    @jax.jit
    def generate(params, state, window, filled, keys):
        def one(carry, key):
            window, filled = carry
            logits = net.forward(params, state, window[None], Context(train=False))[0]
            new = draw(logits[0, filled - 1], key).astype(window.dtype)
            window = jnp.where(filled == length, jnp.roll(window, -1), window)
            filled = jnp.minimum(filled + 1, length)
            return (window.at[filled - 1].set(new), filled), new

        return lax.scan(one, (window, filled), keys)[1]

    seen = np.asarray(prompt[-length:], np.int32)
    window = np.zeros(length, np.int32)
    window[: len(seen)] = seen
    keys = jax.random.split(key, tokens)
    return np.asarray(generate(params, state, window, jnp.int32(len(seen)), keys))
