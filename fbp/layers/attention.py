"""Multi-head attention of a sequence to itself: projections around `attend`."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.attend import (
    AttendOptions,
    AttendResiduals,
    Masks,
    attend_forward,
    attend_jvp,
    attend_vjp,
)
from fbp.layers.dense import (
    DenseParams,
    dense_factors,
    dense_forward,
    dense_jvp,
    dense_vjp,
    require_floating_features,
)
from fbp.layers.initializers import Initializer, lecun_normal
from fbp.layers.rotary import rotate


class AttentionParams(NamedTuple):
    """qkv: to heads query, then kv_heads key, then kv_heads value heads. output: back again."""

    qkv: DenseParams
    output: DenseParams


class Masked(NamedTuple):
    """A sequence with masks, as an input of attention; its output is an array like x.

    keep: (batch, length), False for padding, which nobody attends to. segments: (batch, length)
    ids; places attend only within their segment.
    """

    x: Float[Array, "batch length features"]
    keep: Bool[Array, "batch length"] | None = None
    segments: Int[Array, "batch length"] | None = None


class AttentionResiduals(NamedTuple):
    """Inputs of the two projections, and what attend left."""

    x: Float[Array, "batch length features"]
    attend: AttendResiduals
    mixed: Float[Array, "batch length width"]
    masked: Bool[Array, "0"] | None  # there when the input was Masked, so that dx is too


def attention(
    heads: int,
    *,
    kv_heads: int | None = None,
    causal: bool = False,
    window: int | None = None,
    soft_cap: float | None = None,
    rotary_base: float | None = None,
    use_bias: bool = True,
    block: int = 256,
    weight_init: Initializer = lecun_normal,
    output_init: Initializer = lecun_normal,
) -> Layer:
    """y = W_o concat_h attend(W_q x, W_k x, W_v x) on x (batch, length, features), or on Masked.

    kv_heads: heads of keys and values, each shared by heads / kv_heads query heads (None: heads).
    window: a causal place sees itself and the window - 1 places before. rotary_base: queries and
    keys are turned by their places (None: not). block: of a tile.
    Sources: Vaswani et al. 2017, section 3.2; grouped queries: Ainslie et al. 2023; window:
    Beltagy et al. 2020; soft cap: Gemma 2, 2024.
    Raises LayerError for numbers that do not fit and, at init, for another rank.
    """
    shared = heads if kv_heads is None else kv_heads
    options = AttendOptions(causal, window, soft_cap, block)
    if heads < 1 or shared < 1 or heads % shared or block < 1:
        raise LayerError(
            f"attention needs heads >= 1, kv_heads >= 1 that divide them, and block >= 1; "
            f"got {heads}, {shared} and {block}"
        )
    if window is not None and (window < 1 or not causal):
        raise LayerError(f"attention: a window needs causal=True and window >= 1, got {window}")

    def init(key, inputs):
        x = inputs.x if isinstance(inputs, Masked) else inputs
        require_floating_features("attention", x)
        features = x.shape[-1]
        even = 2 * heads if rotary_base is not None else heads
        if x.ndim != 3 or features % even:
            raise LayerError(
                f"attention({heads}) takes (batch, length, features) with features a multiple of "
                f"{even}, got {list(x.shape)}"
            )
        width = features + 2 * shared * (features // heads)
        qkv_key, output_key = jax.random.split(key)
        zeros = jnp.zeros((width,), x.dtype)
        return AttentionParams(
            DenseParams(
                weight_init(qkv_key, (features, width), x.dtype), zeros if use_bias else None
            ),
            DenseParams(
                output_init(output_key, (features, features), x.dtype),
                zeros[:features] if use_bias else None,
            ),
        )

    def split(qkv) -> tuple[Array, Array, Array]:
        """(batch, length, width) -> q, k, v as attend takes them, q and k turned."""
        batch, length, width = qkv.shape
        features = width // (heads + 2 * shared)
        by_head = qkv.reshape(batch, length, heads + 2 * shared, features).swapaxes(1, 2)
        q, k, v = jnp.split(by_head, [heads, heads + shared], axis=1)
        if rotary_base is not None:
            q, k = rotate(q, rotary_base, 1), rotate(k, rotary_base, 1)
        return q.reshape(batch, shared, heads // shared, length, features), k, v

    def join(q, k, v):
        """The transpose of split."""
        batch, _, _, length, features = q.shape
        q = q.reshape(batch, heads, length, features)
        if rotary_base is not None:
            q, k = rotate(q, rotary_base, -1), rotate(k, rotary_base, -1)
        by_head = jnp.concatenate([q, k, v], axis=1)
        return by_head.swapaxes(1, 2).reshape(batch, length, by_head.shape[1] * features)

    def merge(out):
        """Heads side by side: (batch, kv_heads, group, length, f) -> (batch, length, heads f)."""
        batch, _, _, length, features = out.shape
        return jnp.moveaxis(out, 3, 1).reshape(batch, length, heads * features)

    def unmerge(mixed):
        """The transpose of merge."""
        batch, length, width = mixed.shape
        by_head = mixed.reshape(batch, length, shared, heads // shared, width // heads)
        return jnp.moveaxis(by_head, 1, 3)

    def forward(params, inputs):
        masked = isinstance(inputs, Masked)
        x = inputs.x if masked else inputs
        masks = Masks(inputs.keep, inputs.segments) if masked else Masks()
        qkv, _ = dense_forward(params.qkv, x)
        out, attend = attend_forward(*split(qkv), masks, options)
        mixed = merge(out)
        y, _ = dense_forward(params.output, mixed)
        tag = jnp.empty((0,), bool) if masked else None
        return y, AttentionResiduals(x, attend, mixed, tag)

    def jvp(params, res, tparams, tinputs):
        tx = tinputs.x if isinstance(tinputs, Masked) else tinputs
        tqkv = dense_jvp(params.qkv, res.x, tparams.qkv, tx)
        tmixed = merge(attend_jvp(res.attend, *split(tqkv), options))
        return dense_jvp(params.output, res.mixed, tparams.output, tmixed)

    def vjp(params, res, dy, dense_rule=dense_vjp):
        doutput, dmixed = dense_rule(params.output, res.mixed, dy)
        dqkv = join(*attend_vjp(res.attend, unmerge(dmixed), options))
        dparams_qkv, dx = dense_rule(params.qkv, res.x, dqkv)
        dparams = AttentionParams(dparams_qkv, doutput)
        return dparams, dx if res.masked is None else Masked(dx)

    return stateless(
        f"attention({heads})", init, forward, jvp, vjp, partial(vjp, dense_rule=dense_factors)
    )
