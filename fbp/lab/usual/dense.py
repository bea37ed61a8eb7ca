"""A fully connected net."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax


def mlp_loss(params, state, batch, *, activation: str, squared: bool, remat: bool = False):
    """softmax_cross_entropy of logits; squared: half the squared error of sigmoid outputs."""
    function = getattr(jax.nn, activation)

    def hidden(layer, x):
        return function(x @ layer.weight + layer.bias)

    if remat:
        hidden = jax.checkpoint(hidden)
    x = batch.inputs.reshape(batch.inputs.shape[0], -1)
    for name in (n for n in params if n.startswith("dense")):
        x = hidden(params[name], x)
    out = x @ params["output"].weight + params["output"].bias
    if not squared:
        losses = optax.softmax_cross_entropy_with_integer_labels(out, batch.targets)
        return losses.mean(), state
    wanted = jax.nn.one_hot(batch.targets, out.shape[-1])
    error = jax.nn.sigmoid(out) - wanted
    return 0.5 * jnp.sum(error**2, axis=-1).mean(), state
