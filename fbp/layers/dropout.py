"""Random zeros in training, the identity in evaluation: of entries, or of whole examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from fbp.layer import Layer, LayerError


class DropResiduals(NamedTuple):
    """keep: the mask, one byte an entry, so that backward need not draw; it broadcasts against x.

    scale: 1 / (1 - rate) in training, 1 in evaluation.
    """

    keep: Bool[Array, "*mask"]
    scale: Float[Array, ""]


def drop_linear(res: DropResiduals, t: Float[Array, "*shape"]):
    """scale t where kept, 0 elsewhere: forward, jvp and vjp alike, a diagonal map."""
    return jnp.where(res.keep, res.scale * t, 0)


def dropout(rate: float) -> Layer:
    """y = x mask / (1 - rate), where mask is 0 with probability `rate`; evaluation: y = x.

    rate in [0, 1). The mask depends on the context's key alone, so a second forward (remat) draws
    it identically. Source: Srivastava et al. 2014, inverted as in Caffe.
    Raises LayerError for another rate and, in training, for a context without a key.
    """
    return _drop(f"dropout({rate:g})", rate, lambda shape: shape)


def drop_path(rate: float) -> Layer:
    """As dropout, for whole examples: meant for the branch of a residual block, whose x stays.

    x: (batch, ...). Source: Huang et al. 2016 (stochastic depth), inverted.
    """
    return _drop(f"drop_path({rate:g})", rate, lambda shape: (shape[0],) + (1,) * (len(shape) - 1))


def _drop(
    name: str, rate: float, mask_shape: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Layer:
    if not 0 <= rate < 1:
        raise LayerError(f"{name.split('(')[0]} needs 0 <= rate < 1, got {rate}")

    def forward(params, state, x, ctx):
        if not ctx.train or rate == 0:
            res = DropResiduals(jnp.ones((), bool), jnp.ones((), x.dtype))
        elif ctx.key is None:
            raise LayerError(f"{name} draws in training: pass Context(key=jax.random.key(0))")
        else:
            # A float32 rate draws the same mask whatever the default dtype and x's are.
            keep = jax.random.bernoulli(ctx.key, jnp.float32(1 - rate), mask_shape(x.shape))
            res = DropResiduals(keep, jnp.asarray(1 / (1 - rate), x.dtype))
        return drop_linear(res, x), state, res

    def jvp(params, res, tparams, tx):
        return drop_linear(res, tx)

    def vjp(params, res, dy):
        return (), drop_linear(res, dy)

    return Layer(name, lambda key, x: ((), ()), forward, jvp, vjp)
