"""out = softmax(mask(cap(scale q k^T))) v, tile by tile, in memory linear in the length.

A scan visits the tiles of the (queries, keys) matrix in which anything is visible. Forward runs the
softmax online and keeps, of the whole matrix, only the logarithm of each row's sum, lse. The rules
make each tile of probabilities again as exp(s - lse). Rows that may attend to nothing have
lse = -inf: they give zeros and have no gradient.

Shapes: q (batch, kv_heads, group, queries, features), k and v (batch, kv_heads, keys, features):
`group` query heads share each key head. Scores and sums are in float32 or better.
Sources: Vaswani et al. 2017, eq. 1; Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022,
appendix B (the backward pass).
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from fbp.layers.tiles import AttendOptions, Grid, add, cut, grid, pad, put


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


def attend_forward(q, k, v, masks: Masks, options: AttendOptions):
    """(out, AttendResiduals). See the module's docstring for shapes."""
    tiles = grid(q.shape[-2], k.shape[-2], options)
    over = _Padded(tiles, q, k, v, masks)
    wide = jnp.promote_types(q.dtype, jnp.float32)
    column = jnp.zeros((*over.q.shape[:-1], 1), wide)
    start = (column - jnp.inf, column, jnp.zeros(over.q.shape, wide))

    def step(carry, at):
        i, j = at
        s, _ = over.scores(at, options)
        top, total, out = (cut(a, i, tiles.rows) for a in carry)
        new_top = jnp.maximum(top, jnp.max(s, axis=-1, keepdims=True))
        shift = jnp.where(jnp.isfinite(new_top), new_top, 0)
        p = jnp.exp(s - shift)
        fade = jnp.exp(top - shift)
        total = total * fade + jnp.sum(p, axis=-1, keepdims=True)
        out = out * fade + _mix(p.astype(v.dtype), cut(over.v, j, tiles.columns))
        new = (new_top, total, out)
        return tuple(put(a, part, i) for a, part in zip(carry, new, strict=True)), None

    carry, _ = lax.scan(step, start, tiles.starts)
    top, total, out = (a[..., : tiles.queries, :] for a in carry)
    seen = total > 0
    out = (out / jnp.where(seen, total, 1)).astype(q.dtype)
    lse = jnp.where(seen, top + jnp.log(jnp.where(seen, total, 1)), -jnp.inf)[..., 0]
    return out, AttendResiduals(q, k, v, masks, out, lse)


def attend_jvp(res: AttendResiduals, tq, tk, tv, options: AttendOptions):
    """tout = sum_j p_j (ts_j - sum_i p_i ts_i) v_j + p_j tv_j, ts = scale (tq k^T + q tk^T)."""
    tiles = grid(res.q.shape[-2], res.k.shape[-2], options)
    over = _Padded(tiles, *res[:4])
    tover = _Padded(tiles, tq, tk, tv, res.masks)
    lse = pad(res.lse[..., None], tiles.queries, tiles.rows)

    def step(carry, at):
        i, j = at
        rows, columns = tiles.rows, tiles.columns
        p, slope = over.probabilities(at, lse, options)
        ts = _products(cut(tover.q, i, rows), cut(over.k, j, columns))
        ts = slope * (ts + _products(cut(over.q, i, rows), cut(tover.k, j, columns)))
        added = _mix((p * ts).astype(res.v.dtype), cut(over.v, j, columns))
        added = added + _mix(p.astype(res.v.dtype), cut(tover.v, j, columns))
        mixed, mean_ts = carry
        mean = jnp.sum(p * ts, axis=-1, keepdims=True)
        return (add(mixed, added, i), add(mean_ts, mean, i)), None

    start = (jnp.zeros(over.q.shape, lse.dtype), jnp.zeros_like(lse))
    carry, _ = lax.scan(step, start, tiles.starts)
    mixed, mean_ts = (a[..., : tiles.queries, :] for a in carry)
    return (mixed - mean_ts * res.out).astype(res.q.dtype)


def attend_vjp(res: AttendResiduals, dout, options: AttendOptions):
    """(dq, dk, dv), with ds = p (dout v^T - <dout, out>) and cap's slope.

    dv_j = sum_i p_ij dout_i, dq_i = scale sum_j ds_ij k_j, dk_j = scale sum_i ds_ij q_i; the sums
    over i run over the group of query heads too.
    """
    q, k, v = res.q, res.k, res.v
    tiles = grid(q.shape[-2], k.shape[-2], options)
    over = _Padded(tiles, q, k, v, res.masks)
    lse, dover, along = (
        pad(a, tiles.queries, tiles.rows)
        for a in (
            res.lse[..., None],
            dout,
            jnp.sum(dout.astype(res.lse.dtype) * res.out, axis=-1, keepdims=True),
        )
    )

    def step(carry, at):
        i, j = at
        p, slope = over.probabilities(at, lse, options)
        qi, di = cut(over.q, i, tiles.rows), cut(dover, i, tiles.rows)
        kj, vj = cut(over.k, j, tiles.columns), cut(over.v, j, tiles.columns)
        ds = (p * (_inner(di, vj) - cut(along, i, tiles.rows)) * slope).astype(q.dtype)
        dq, dk, dv = carry
        dq = add(dq, _mix(ds, kj), i)
        dk, dv = add(dk, _gather(ds, qi), j), add(dv, _gather(p.astype(q.dtype), di), j)
        return (dq, dk, dv), None

    start = tuple(jnp.zeros(a.shape, lse.dtype) for a in (over.q, over.k, over.v))
    (dq, dk, dv), _ = lax.scan(step, start, tiles.starts)
    scale = q.shape[-1] ** -0.5
    dq, dk, dv = dq[..., : tiles.queries, :], dk[..., : tiles.keys, :], dv[..., : tiles.keys, :]
    return (scale * dq).astype(q.dtype), (scale * dk).astype(k.dtype), dv.astype(v.dtype)


class _Padded:
    """q, k, v and masks up to whole tiles, with the scores of a tile."""

    def __init__(self, tiles: Grid, q, k, v, masks: Masks):
        self.tiles = tiles
        self.q = pad(q, tiles.queries, tiles.rows)
        self.k, self.v = (pad(a, tiles.keys, tiles.columns) for a in (k, v))
        self.masks = masks

    def scores(self, at, options: AttendOptions):
        """(s, slope): capped scores of a tile, -inf where masked; slope = ds / d(scale q k^T)."""
        i, j = at
        s = _products(cut(self.q, i, self.tiles.rows), cut(self.k, j, self.tiles.columns))
        slope = jnp.ones((), s.dtype)
        if options.soft_cap is not None:
            t = jnp.tanh(s / options.soft_cap)
            s, slope = options.soft_cap * t, 1 - t * t
        return jnp.where(self.visible(at, options), s, -jnp.inf), slope

    def probabilities(self, at, lse, options: AttendOptions):
        """(p, slope) of a tile, made again from lse: exactly 0 where masked."""
        s, slope = self.scores(at, options)
        lse = cut(lse, at[0], self.tiles.rows)
        return jnp.exp(s - jnp.where(jnp.isfinite(lse), lse, 0)), slope

    def visible(self, at, options: AttendOptions):
        """Which keys of the tile each of its queries may see; broadcasts against the scores."""
        tiles = self.tiles
        i = at[0] + jnp.arange(tiles.rows)[:, None]
        j = at[1] + jnp.arange(tiles.columns)[None, :]
        visible = j < tiles.keys
        if options.causal:
            visible = visible & (j <= i)
        if options.window is not None:
            visible = visible & (j > i - options.window)
        if self.masks.keep is not None:
            keep = pad(self.masks.keep[..., None], tiles.keys, tiles.columns)
            kept = cut(keep, at[1], tiles.columns)
            visible = visible & kept[:, None, None, None, :, 0]
        if self.masks.segments is not None:
            ids = self.masks.segments[..., None]
            of_queries = cut(pad(ids, tiles.queries, tiles.rows), at[0], tiles.rows)
            of_keys = cut(pad(ids, tiles.keys, tiles.columns), at[1], tiles.columns)
            same = of_queries == of_keys.swapaxes(1, 2)
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
