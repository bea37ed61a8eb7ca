"""Random zeros in training, the identity in evaluation."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.layer import Layer, LayerError


def dropout(rate: float) -> Layer:
    """y = x mask / (1 - rate), where mask is 0 with probability `rate`; evaluation: y = x.

    The scaled mask is the residual, so backward never draws again. rate in [0, 1).
    Source: Srivastava et al. 2014, inverted as in Caffe.
    Raises LayerError for another rate and, in training, for a context without a key.
    """
    if not 0 <= rate < 1:
        raise LayerError(f"dropout needs 0 <= rate < 1, got {rate}")

    def forward(params, state, x, ctx):
        if not ctx.train or rate == 0:
            mask = jnp.ones_like(x)
        elif ctx.key is None:
            raise LayerError("dropout draws in training: pass Context(key=jax.random.key(0))")
        else:
            # A float32 rate draws the same mask whatever the default dtype and x's are.
            keep = jax.random.bernoulli(ctx.key, jnp.float32(1 - rate), x.shape)
            mask = jnp.where(keep, 1 / (1 - rate), 0).astype(x.dtype)
        return x * mask, state, mask

    def jvp(params, mask, tparams, tx):
        return mask * tx

    def vjp(params, mask, dy):
        return (), mask * dy

    return Layer(f"dropout({rate:g})", lambda key, x: ((), ()), forward, jvp, vjp)
