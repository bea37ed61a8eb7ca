"""The output head and softmax cross-entropy in one, so that the logits never exist as a whole.

The loss is a scalar, so its gradient is all there is to its derivative: forward computes it while
each chunk's logits are at hand, vjp scales it, and jvp takes the inner product with it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from fbp.layers.dense import matmul, matmul_wide, transposed_matmul_wide
from fbp.losses.loss import Reduction, normalised, weights_like


class HeadOptions(NamedTuple):
    """label_smoothing, ignored_label: as for softmax_cross_entropy. z_loss: adds z_loss lse^2.

    soft_cap: logits become cap tanh(s / cap). chunk: tokens whose logits exist at a time.
    Sources: z-loss: Chowdhery et al. 2022, section 5; soft cap: Gemma 2, 2024.
    """

    label_smoothing: float = 0.0
    ignored_label: int | None = None
    z_loss: float = 0.0
    soft_cap: float | None = None
    chunk: int = 256
    reduction: Reduction = "mean"


class HeadGradient(NamedTuple):
    """d loss / d h, like h, and d loss / d weight, like weight."""

    dh: Float[Array, "*batch features"]
    dweight: Float[Array, "features vocabulary"]


def linear_cross_entropy_forward(
    weight: Float[Array, "features vocabulary"],
    h: Float[Array, "*batch features"],
    targets: Int[Array, "*batch"],
    weights: Float[Array, "..."] | None,
    options: HeadOptions,
):
    """(loss, HeadGradient) of the logits h W; labels (...,), weights one an example or a token.

    l = lse - (1 - e) z_y - e mean(z) + z_loss lse^2, reduced as losses are; "none" is not offered.
    Memory: chunk x vocabulary, and the gradient. The last chunk is padded with weight 0.
    """
    wide = jnp.promote_types(h.dtype, jnp.float32)
    c = weights_like(jnp.zeros(targets.shape, wide), weights)
    if options.ignored_label is not None:
        c = jnp.where(targets == options.ignored_label, 0, c)
    c = normalised(c, options.reduction).reshape(-1)

    tokens = c.size
    chunks = math.ceil(tokens / options.chunk)
    chunk = math.ceil(tokens / max(1, chunks))  # of equal length, so that little is padded

    def chunked(a):
        a = a.reshape(tokens, *a.shape[targets.ndim :])
        a = jnp.pad(a, [(0, chunks * chunk - tokens)] + [(0, 0)] * (a.ndim - 1))
        return a.reshape(chunks, chunk, *a.shape[1:])

    def one(carry, inputs):
        loss, dweight = carry
        h, labels, c = inputs
        losses, ds = _token_losses(matmul_wide(h, weight), labels, c[:, None], options)
        ds, loss = ds.astype(h.dtype), loss + jnp.sum(losses)
        return (loss, dweight + transposed_matmul_wide(h, ds)), matmul(ds, weight.T)

    start = (jnp.zeros((), wide), jnp.zeros(weight.shape, wide))
    inputs = (chunked(h), chunked(targets), chunked(c.reshape(targets.shape)))
    (loss, dweight), dh = lax.scan(one, start, inputs)
    dh = dh.reshape(chunks * chunk, h.shape[-1])[:tokens].reshape(h.shape)
    return loss, HeadGradient(dh, dweight.astype(weight.dtype))


def linear_cross_entropy_jvp(res: HeadGradient, tweight, th):
    """tl = <dl/dh, th> + <dl/dW, tW>."""
    wide = jnp.promote_types(th.dtype, jnp.float32)
    return jnp.sum(res.dh * th, dtype=wide) + jnp.sum(res.dweight * tweight, dtype=wide)


def linear_cross_entropy_vjp(res: HeadGradient, dloss):
    """(dW, dh), both of forward's making, times dl."""
    return (
        (dloss * res.dweight).astype(res.dweight.dtype),
        (dloss * res.dh).astype(res.dh.dtype),
    )


def _token_losses(s: Array, labels: Array, c: Array, options: HeadOptions):
    """Loss of each token from raw scores s (tokens, vocabulary), and its derivative in s, both
    times the token's weight c (tokens, 1); 0 where that is 0, whatever the scores.

    Exponentials are taken once, and labels looked up: in a large vocabulary, to compare every
    column with the label would cost as much as another exponential. A label outside the
    vocabulary has no column.
    """
    vocabulary = s.shape[-1]
    slope = jnp.ones((), s.dtype)
    z = s
    if options.soft_cap is not None:
        t = jnp.tanh(s / options.soft_cap)
        z, slope = options.soft_cap * t, 1 - t * t
    top = jnp.max(z, axis=-1, keepdims=True)
    e = jnp.exp(z - top)
    total = jnp.sum(e, axis=-1, keepdims=True)
    lse = top + jnp.log(total)

    label = jnp.where(labels < 0, vocabulary, labels)[:, None]
    of_label = jnp.take_along_axis(z, label, axis=-1, mode="fill", fill_value=0)
    smoothing = options.label_smoothing
    losses = lse - (1 - smoothing) * of_label + options.z_loss * lse**2
    dz = e * (c * (1 + 2 * options.z_loss * lse) / total)
    if smoothing:
        losses -= smoothing * jnp.mean(z, axis=-1, keepdims=True)
        dz -= c * (smoothing / vocabulary)
    dz = jnp.where(c == 0, 0, slope * dz)
    if options.soft_cap is not None:
        slope = jnp.take_along_axis(slope, label, axis=-1, mode="fill", fill_value=0)
    rows, of_labels = jnp.arange(s.shape[0]), slope * c * (smoothing - 1)
    dz = dz.at[rows, label[:, 0]].add(jnp.where(c == 0, 0, of_labels)[:, 0], mode="drop")
    return jnp.where(c == 0, 0, c * losses), dz
