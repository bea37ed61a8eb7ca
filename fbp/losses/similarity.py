"""Losses of directions: cosine distance to a target, and InfoNCE among the pairs of a batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.errors import FbpError
from fbp.losses.loss import Loss, Reduction, argmax, per_example


def unit(a):
    """(a / |a|, 1 / |a|) over the last axis; both 0 for a zero vector."""
    squared = jnp.sum(a * a, axis=-1, keepdims=True)
    inverse = jnp.where(squared > 0, jax.lax.rsqrt(jnp.where(squared > 0, squared, 1)), 0)
    return a * inverse, inverse


def unit_linear(direction, inverse, t):
    """The derivative of a / |a|, and its transpose: (t - u <u, t>) / |a|; 0 for a zero vector."""
    return inverse * (t - direction * jnp.sum(direction * t, axis=-1, keepdims=True))


def cosine_forward(outputs, targets):
    """l = 1 - <a, y> / (|a| |y|), 1 where either is 0; outputs (..., features) -> losses (...)."""
    direction, inverse = unit(outputs)
    target, _ = unit(targets.astype(outputs.dtype))
    return 1 - jnp.sum(direction * target, axis=-1), (direction, inverse, target)


def cosine_jvp(res, toutputs):
    """tl = -<y/|y|, d(a/|a|)>."""
    direction, inverse, target = res
    return -jnp.sum(target * unit_linear(direction, inverse, toutputs), axis=-1)


def cosine_vjp(res, dlosses):
    """da = -(y/|y| - cos a/|a|) / |a| dl."""
    direction, inverse, target = res
    return unit_linear(direction, inverse, -target * dlosses[..., None])


def cosine(reduction: Reduction = "mean") -> Loss:
    """One minus the cosine of the angle to the target, a vector like the outputs."""
    return per_example(
        "cosine",
        reduction,
        cosine_forward,
        cosine_jvp,
        cosine_vjp,
        probabilities=None,
        classes=argmax,
    )


def info_nce_forward(outputs, targets, temperature: float):
    """l_i = -(log p_ii + log q_ii) / 2; p and q: softmax of <a_i, b_j> / (|a_i| |b_j| temperature)
    over j and over i.

    outputs: (batch, 2, features), the pair a_i, b_i -> losses: (batch,). targets are not read.
    """
    direction, inverse = unit(outputs)
    a, b = direction[:, 0], direction[:, 1]
    s = a @ b.T / temperature
    over_j, over_i = jax.nn.log_softmax(s, axis=1), jax.nn.log_softmax(s, axis=0)
    losses = -0.5 * (jnp.diagonal(over_j) + jnp.diagonal(over_i))
    return losses, (direction, inverse, jnp.exp(over_j), jnp.exp(over_i))


def info_nce_jvp(res, toutputs, temperature: float):
    """tl_i = ((sum_j p_ij ts_ij - ts_ii) + (sum_k q_ki ts_ki - ts_ii)) / 2."""
    direction, inverse, p, q = res
    tdirection = unit_linear(direction, inverse, toutputs)
    ts = tdirection[:, 0] @ direction[:, 1].T + direction[:, 0] @ tdirection[:, 1].T
    pulled = jnp.sum(p * ts, axis=1) + jnp.sum(q * ts, axis=0)
    return (0.5 * pulled - jnp.diagonal(ts)) / temperature


def info_nce_vjp(res, dlosses, temperature: float):
    """ds = (dl_i p_ij + dl_j q_ij) / 2 - dl_i [i = j]; then through the products and the norms."""
    direction, inverse, p, q = res
    ds = 0.5 * (dlosses[:, None] * p + dlosses[None, :] * q) - jnp.diag(dlosses)
    da, db = ds @ direction[:, 1], ds.T @ direction[:, 0]
    ddirection = jnp.stack([da, db], axis=1) / temperature
    return unit_linear(direction, inverse, ddirection)


def info_nce(reduction: Reduction = "mean", temperature: float = 0.1) -> Loss:
    """The symmetric contrastive loss of a batch of pairs: each finds its partner among all.

    Weights weigh the losses; every pair takes part in those of the others.
    Sources: van den Oord et al. 2018, eq. 4; both directions: Radford et al. 2021, figure 3.
    Raises FbpError for temperature <= 0.
    """
    if temperature <= 0:
        raise FbpError(f"info_nce: temperature must be positive, got {temperature}")

    def partner(outputs):
        direction, _ = unit(outputs)
        return argmax(direction[:, 0] @ direction[:, 1].T)

    return per_example(
        "info_nce",
        reduction,
        lambda outputs, targets: info_nce_forward(outputs, targets, temperature),
        lambda res, toutputs: info_nce_jvp(res, toutputs, temperature),
        lambda res, dlosses: info_nce_vjp(res, dlosses, temperature),
        probabilities=None,
        classes=partner,
        coupled=True,
    )
