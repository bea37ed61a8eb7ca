"""The last layer of a language model, and its loss."""

from __future__ import annotations

import jax
import optax


def head_loss(params, state, batch, *, remat: bool = False):
    """Logits of all places at once, then their cross-entropy."""

    def loss(weight, x):
        logits = x @ weight
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch.targets).mean()

    return (jax.checkpoint(loss) if remat else loss)(params["head"].weight, batch.inputs), state
