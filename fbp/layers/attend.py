"""out = softmax(mask(cap(scale q k^T))) v, blockwise over keys, in memory linear in the length.

Forward runs the softmax online and keeps, of the whole (queries, keys) matrix, only the logarithm
of each row's sum, lse. The rules make each block of probabilities again as exp(s - lse). Rows that
may attend to nothing have lse = -inf: they give zeros and have no gradient.

Shapes: q (batch, kv_heads, group, queries, features), k and v (batch, kv_heads, keys, features):
`group` query heads share each key head. Scores and sums are in float32 or better.
Sources: Vaswani et al. 2017, eq. 1; Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022,
appendix B (the backward pass).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class AttendOptions(NamedTuple):
    """causal: query i sees keys j <= i. window: of those only j > i - window.

    soft_cap: scores become cap tanh(s / cap), before the mask. block: keys at a time.
    """

    causal: bool = False
    window: int | None = None
    soft_cap: float | None = None
    block: int = 256


class Masks(NamedTuple):
    """keep: (batch, keys), False for padding; segments: (batch, length), who shares an id may
    attend. None: no such mask."""

    keep: Bool[Array, "batch keys"] | None = None
    segments: Int[Array, "batch length"] | None = None


class AttendResiduals(NamedTuple):
    """The arguments, the output, and lse (batch, kv_heads, group, queries)."""

    q: Float[Array, "batch kv_heads group queries features"]
    k: Float[Array, "batch kv_heads keys features"]
    v: Float[Array, "batch kv_heads keys features"]
    masks: Masks
    out: Float[Array, "batch kv_heads group queries features"]
    lse: Float[Array, "batch kv_heads group queries"]


class Block(NamedTuple):
    """Keys lo:hi against the queries first:last, the only ones that can see any of them."""

    lo: int
    hi: int
    first: int
    last: int


def blocks(queries: int, keys: int, options: AttendOptions) -> Iterator[Block]:
    """The blocks of keys, with the queries that causality and window let see them."""
    for lo in range(0, keys, options.block):
        hi = min(lo + options.block, keys)
        first = lo if options.causal else 0
        last = min(queries, hi - 1 + options.window) if options.window else queries
        if first < last:
            yield Block(lo, hi, first, last)


def attend_forward(q, k, v, masks: Masks, options: AttendOptions):
    """(out, AttendResiduals). See the module's docstring for shapes."""
    wide = jnp.promote_types(q.dtype, jnp.float32)
    top = jnp.full(q.shape[:-1], -jnp.inf, wide)
    total = jnp.zeros(q.shape[:-1], wide)
    out = jnp.zeros(q.shape, wide)
    for block in blocks(q.shape[-2], k.shape[-2], options):
        rows = slice(block.first, block.last)
        s, _ = _scores(q, k, masks, block, options)
        old_top = top[..., rows]
        new_top = jnp.maximum(old_top, jnp.max(s, axis=-1))
        shift = jnp.where(jnp.isfinite(new_top), new_top, 0)
        p = jnp.exp(s - shift[..., None])
        fade = jnp.exp(old_top - shift)
        added = _mix(p.astype(v.dtype), v[..., block.lo : block.hi, :])
        total = total.at[..., rows].set(total[..., rows] * fade + jnp.sum(p, axis=-1))
        out = out.at[..., rows, :].set(out[..., rows, :] * fade[..., None] + added)
        top = top.at[..., rows].set(new_top)
    seen = total > 0
    out = (out / jnp.where(seen, total, 1)[..., None]).astype(q.dtype)
    lse = jnp.where(seen, top + jnp.log(jnp.where(seen, total, 1)), -jnp.inf)
    return out, AttendResiduals(q, k, v, masks, out, lse)


def attend_jvp(res: AttendResiduals, tq, tk, tv, options: AttendOptions):
    """tout = sum_j p_j (ts_j - sum_i p_i ts_i) v_j + p_j tv_j, ts = scale (tq k^T + q tk^T)."""
    q, k, v, out = res.q, res.k, res.v, res.out
    mixed = jnp.zeros(q.shape, res.lse.dtype)
    mean_ts = jnp.zeros(q.shape[:-1], res.lse.dtype)
    for block in blocks(q.shape[-2], k.shape[-2], options):
        rows, cols = slice(block.first, block.last), slice(block.lo, block.hi)
        p, slope = _probabilities(res, block, options)
        ts = _products(tq[..., rows, :], k[..., cols, :])
        ts = slope * (ts + _products(q[..., rows, :], tk[..., cols, :]))
        added = _mix((p * ts).astype(v.dtype), v[..., cols, :])
        added = added + _mix(p.astype(v.dtype), tv[..., cols, :])
        mixed = mixed.at[..., rows, :].add(added)
        mean_ts = mean_ts.at[..., rows].add(jnp.sum(p * ts, axis=-1))
    return (mixed - mean_ts[..., None] * out).astype(q.dtype)


def attend_vjp(res: AttendResiduals, dout, options: AttendOptions):
    """(dq, dk, dv), with ds = p (dout v^T - <dout, out>) and cap's slope.

    dv_j = sum_i p_ij dout_i, dq_i = scale sum_j ds_ij k_j, dk_j = scale sum_i ds_ij q_i; the sums
    over i run over the group of query heads too.
    """
    q, k, v, out, lse = res.q, res.k, res.v, res.out, res.lse
    along = jnp.sum(dout.astype(lse.dtype) * out, axis=-1)
    dq = jnp.zeros(q.shape, lse.dtype)
    dk, dv = jnp.zeros(k.shape, lse.dtype), jnp.zeros(v.shape, lse.dtype)
    for block in blocks(q.shape[-2], k.shape[-2], options):
        rows, cols = slice(block.first, block.last), slice(block.lo, block.hi)
        p, slope = _probabilities(res, block, options)
        dp = _inner(dout[..., rows, :], v[..., cols, :])
        ds = (p * (dp - along[..., rows, None]) * slope).astype(q.dtype)
        dv = dv.at[..., cols, :].set(_gather(p.astype(q.dtype), dout[..., rows, :]))
        dk = dk.at[..., cols, :].set(_gather(ds, q[..., rows, :]))
        dq = dq.at[..., rows, :].add(_mix(ds, k[..., cols, :]))
    scale = q.shape[-1] ** -0.5
    return (scale * dq).astype(q.dtype), (scale * dk).astype(k.dtype), dv.astype(v.dtype)


def _scores(q, k, masks: Masks, block: Block, options: AttendOptions):
    """(s, slope): capped scores of a block, -inf where masked; slope = ds / d(scale q k^T)."""
    rows, cols = slice(block.first, block.last), slice(block.lo, block.hi)
    s = _products(q[..., rows, :], k[..., cols, :])
    slope = jnp.ones((), s.dtype)
    if options.soft_cap is not None:
        t = jnp.tanh(s / options.soft_cap)
        s, slope = options.soft_cap * t, 1 - t * t
    return jnp.where(_visible(masks, block, options), s, -jnp.inf), slope


def _probabilities(res: AttendResiduals, block: Block, options: AttendOptions):
    """(p, slope) of a block, made again from lse: exactly 0 where masked."""
    s, slope = _scores(res.q, res.k, res.masks, block, options)
    lse = res.lse[..., block.first : block.last]
    return jnp.exp(s - jnp.where(jnp.isfinite(lse), lse, 0)[..., None]), slope


def _visible(masks: Masks, block: Block, options: AttendOptions):
    """Which keys of the block each of its queries may see; broadcasts against the scores."""
    i = jnp.arange(block.first, block.last)[:, None]
    j = jnp.arange(block.lo, block.hi)[None, :]
    visible = jnp.ones((), bool)
    if options.causal:
        visible = visible & (j <= i)
    if options.window is not None:
        visible = visible & (j > i - options.window)
    if masks.keep is not None:
        visible = visible & masks.keep[:, None, None, None, block.lo : block.hi]
    if masks.segments is not None:
        of_queries = masks.segments[:, block.first : block.last, None]
        same = of_queries == masks.segments[:, None, block.lo : block.hi]
        visible = visible & same[:, None, None]
    return visible


def _products(q, k):
    """scale q k^T: (b, h, g, i, f), (b, h, j, f) -> (b, h, g, i, j)."""
    return q.shape[-1] ** -0.5 * _inner(q, k)


def _inner(a, b):
    """<a_i, b_j> over features: (b, h, g, i, f), (b, h, j, f) -> (b, h, g, i, j)."""
    return _einsum("bhgif,bhjf->bhgij", a, b)


def _mix(p, v):
    """sum_j p_ij v_j: (b, h, g, i, j), (b, h, j, f) -> (b, h, g, i, f)."""
    return _einsum("bhgij,bhjf->bhgif", p, v)


def _gather(p, a):
    """sum over the group and i of p_ij a_i: (b, h, g, i, j), (b, h, g, i, f) -> (b, h, j, f)."""
    return _einsum("bhgij,bhgif->bhjf", p, a)


def _einsum(formula: str, a: jax.Array, b: jax.Array) -> jax.Array:
    wide = jnp.promote_types(a.dtype, jnp.float32)
    return jnp.einsum(formula, a, b, preferred_element_type=wide)
