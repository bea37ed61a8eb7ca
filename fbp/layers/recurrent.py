"""Recurrent layers: a cell scanned over time, and backpropagation through time.

The products that do not wait for the carry are taken out of the scans: zx = x W_x before the
forward one; dW_x, dW_h, db and dx, each one matrix product over all times, after the reverse one.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from fbp.layer import Layer, LayerError, PyTree, stateless
from fbp.layers.cells import GRU, LSTM, RNN, Carry, Cell
from fbp.layers.dense import (
    matmul,
    require_floating_features,
    sum_rows,
    transposed_matmul,
)
from fbp.layers.factors.factor import factored
from fbp.layers.factors.outer import Outer
from fbp.layers.factors.rows import sum_of_places
from fbp.layers.initializers import Initializer, glorot_uniform

UNROLL = 2  # steps an iteration: forward and backward of an LSTM take 0.86 of the time on two cores


class RecurrentParams(NamedTuple):
    """weight_x: (inputs, width), weight_h: (hidden, width), bias: (width,), width = gates * hidden.

    bias_h: (width,), of h W_h, or None for cells in which one bias does for both.
    """

    weight_x: Float[Array, "inputs width"]
    weight_h: Float[Array, "hidden width"]
    bias: Float[Array, " width"]
    bias_h: Float[Array, " width"] | None


class Sequence(NamedTuple):
    """A sequence with an initial carry, with masks, or both, as an input of a recurrent layer.

    initial: arrays (batch, hidden), as many as the cell carries (lstm: h, c); it has a gradient.
    keep: (batch, length); where it is False, the carry stays and the output repeats.
    """

    x: Float[Array, "batch length inputs"]
    initial: Carry | None = None
    keep: Bool[Array, "batch length"] | None = None


class RecurrentResiduals(NamedTuple):
    """x, and along time first: the h before each step, what the cell saved, the masks.

    sequence: an empty Sequence of the input's structure, or None for a plain array.
    """

    x: Float[Array, "batch length inputs"]
    before: Float[Array, "length batch hidden"]
    saved: PyTree
    keep: Bool[Array, "length batch 1"] | None
    sequence: Sequence | None


def rnn(hidden: int, **options) -> Layer:
    """h_t = tanh(x_t W_x + h_{t-1} W_h + b). Source: Elman 1990. Options: see recurrent."""
    return recurrent(RNN, hidden, **options)


def lstm(hidden: int, **options) -> Layer:
    """Long short-term memory. Source: Hochreiter & Schmidhuber 1997. Options: see recurrent."""
    return recurrent(LSTM, hidden, **options)


def gru(hidden: int, **options) -> Layer:
    """The gated recurrent unit. Source: Cho et al. 2014. Options: see recurrent."""
    return recurrent(GRU, hidden, **options)


def recurrent(
    cell: Cell,
    hidden: int,
    *,
    truncate: int | None = None,
    weight_init: Initializer = glorot_uniform,
) -> Layer:
    """x (batch, length, inputs), or a Sequence, -> h at every time (batch, length, hidden).

    truncate: gradients do not cross times that are multiples of it (truncated backpropagation
    through time: Williams & Peng 1990). Source: Werbos 1990.
    Raises LayerError for hidden or truncate < 1 and, at init, for another rank.
    """
    if hidden < 1 or (truncate is not None and truncate < 1):
        raise LayerError(
            f"{cell.name} needs hidden >= 1 and truncate >= 1, got {hidden} and {truncate}"
        )
    width = cell.gates * hidden

    def init(key, inputs):
        x = inputs.x if isinstance(inputs, Sequence) else inputs
        require_floating_features(cell.name, x)
        if x.ndim != 3:
            raise LayerError(f"{cell.name} takes (batch, length, inputs), got {list(x.shape)}")
        x_key, h_key = jax.random.split(key)
        bias = jnp.zeros((width,), x.dtype)
        return RecurrentParams(
            weight_init(x_key, (x.shape[-1], width), x.dtype),
            weight_init(h_key, (hidden, width), x.dtype),
            bias,
            bias if cell.split_bias else None,
        )

    def flows(length: int) -> Array:
        """For each time, whether gradients pass to it from the time before."""
        t = jnp.arange(length)
        return jnp.ones_like(t, bool) if truncate is None else t % truncate != 0

    def forward(params, inputs):
        sequence = inputs if isinstance(inputs, Sequence) else Sequence(inputs)
        x, initial, keep = sequence
        if initial is None:
            zeros = jnp.zeros((x.shape[0], hidden), x.dtype)
            initial = (zeros,) * cell.carry
        keep = None if keep is None else keep.T[..., None]

        def step(carry, inputs):
            zx, keep, flow = inputs
            # Autodiff of this function sees stop_gradient: the rules below cut by themselves.
            carry = jax.tree.map(lambda c: jnp.where(flow, c, lax.stop_gradient(c)), carry)
            new, saved = cell.forward(carry, zx + params.bias, _recur(params, carry[0]))
            new = _kept(keep, new, carry)
            return new, (new[0], saved)

        zx = matmul(x.swapaxes(0, 1), params.weight_x)
        _, (h, saved) = lax.scan(step, initial, (zx, keep, flows(x.shape[1])), unroll=UNROLL)
        before = jnp.concatenate([initial[0][None], h[:-1]])
        if truncate is not None:  # for derivatives of the rules
            flow = flows(x.shape[1])[:, None, None]
            before = jnp.where(flow, before, lax.stop_gradient(before))
        tag = None
        if isinstance(inputs, Sequence):
            tag = jax.tree.map(lambda a: jnp.empty((0,), a.dtype), inputs)
        return h.swapaxes(0, 1), RecurrentResiduals(x, before, saved, keep, tag)

    def jvp(params, res, tparams, tinputs):
        tsequence = tinputs if isinstance(tinputs, Sequence) else Sequence(tinputs)
        tinitial = tsequence.initial
        if tinitial is None:
            tinitial = (jnp.zeros_like(res.before[0]),) * cell.carry

        def step(tcarry, inputs):
            tzx, before, saved, keep, flow = inputs
            tcarry = jax.tree.map(lambda t: jnp.where(flow, t, 0), tcarry)
            tzh = matmul(tcarry[0], params.weight_h) + _recur(tparams, before)
            tnew = _kept(keep, cell.jvp(saved, tcarry, tzx, tzh), tcarry)
            return tnew, tnew[0]

        tzx = matmul(tsequence.x, params.weight_x) + matmul(res.x, tparams.weight_x)
        tzx = (tzx + tparams.bias).swapaxes(0, 1)
        inputs = (tzx, res.before, res.saved, res.keep, flows(res.x.shape[1]))
        return lax.scan(step, tinitial, inputs, unroll=UNROLL)[1].swapaxes(0, 1)

    def through_time(params, res, dy):
        """(dzx, dzh) at every time, along the length first, and dinputs."""

        def step(dcarry, inputs):
            dh, saved, keep, flow = inputs
            dcarry = (dcarry[0] + dh, *dcarry[1:])
            zeros = jax.tree.map(jnp.zeros_like, dcarry)
            dbefore, dzx, dzh = cell.vjp(saved, _kept(keep, dcarry, zeros))
            dbefore = (dbefore[0] + matmul(dzh, params.weight_h.T), *dbefore[1:])
            around = zeros if keep is None else _kept(~keep, dcarry, zeros)
            dbefore = jax.tree.map(lambda d, a: jnp.where(flow, d + a, 0), dbefore, around)
            return dbefore, (dzx, None if dzh is dzx else dzh)  # nothing is written twice

        last = (jnp.zeros_like(res.before[0]),) * cell.carry
        inputs = (dy.swapaxes(0, 1), res.saved, res.keep, flows(dy.shape[1]))
        dinitial, (dzx, dzh) = lax.scan(step, last, inputs, reverse=True, unroll=UNROLL)
        dzh = dzx if dzh is None else dzh
        dx = matmul(dzx, params.weight_x.T).swapaxes(0, 1)
        if res.sequence is None:
            return dzx, dzh, dx
        return dzx, dzh, Sequence(dx, None if res.sequence.initial is None else dinitial)

    def vjp(params, res, dy):
        dzx, dzh, dinputs = through_time(params, res, dy)
        dzx_rows, dzh_rows = dzx.reshape(-1, width), dzh.reshape(-1, width)
        x = res.x.swapaxes(0, 1)  # turned here, for dzx is mostly the larger
        dparams = RecurrentParams(
            transposed_matmul(x.reshape(-1, x.shape[-1]), dzx_rows),
            transposed_matmul(res.before.reshape(-1, hidden), dzh_rows),
            sum_rows(dzx_rows),
            sum_rows(dzh_rows) if cell.split_bias else None,
        )
        return dparams, dinputs

    def factors(params, res, dy):
        dzx, dzh, dinputs = through_time(params, res, dy)
        dzx, dzh, before = (a.swapaxes(0, 1) for a in (dzx, dzh, res.before))
        dparams = factored(
            params,
            Outer(res.x, dzx),
            Outer(before, dzh),
            sum_of_places(dzx),
            sum_of_places(dzh) if cell.split_bias else None,
        )
        return dparams, dinputs

    return stateless(f"{cell.name}({hidden})", init, forward, jvp, vjp, factors)


def _recur(params: RecurrentParams, h: Array) -> Array:
    """zh = h W_h (+ b_h)."""
    zh = matmul(h, params.weight_h)
    return zh if params.bias_h is None else zh + params.bias_h


def _kept(keep: Array | None, new: Carry, old: Carry) -> Carry:
    """`new` where a step counts, `old` where it is masked."""
    if keep is None:
        return new
    return jax.tree.map(lambda n, o: jnp.where(keep, n, o), new, old)
