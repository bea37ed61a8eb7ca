"""Branches that share an input: values meet again in a sum or side by side, gradients add."""

from __future__ import annotations

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose.parts import init_and_shape, name_parts, rebuilt, same_shape
from fbp.layer import Layer, LayerError, dual, pull, push, within
from fbp.witness import witness


def parallel(*layers: Layer, combine: Literal["sum", "concat"] = "sum", **named: Layer) -> Layer:
    """y = sum_i f_i(x), or the f_i(x) side by side along the last axis; dx = sum_i f_i'(x)^T dy_i.

    Source: the multivariate chain rule, a sum over all paths from x to y.
    Raises LayerError, at init, for outputs that do not fit together.
    """
    if combine not in ("sum", "concat"):
        raise LayerError(f"parallel: combine is 'sum' or 'concat', got {combine!r}")
    parts, keys, collect = name_parts("parallel", layers, named)
    branches = list(zip(keys, parts, strict=True))

    def join(ys):
        return sum(ys[1:], ys[0]) if combine == "sum" else jnp.concatenate(ys, axis=-1)

    def part_cotangents(dy, ys):
        if combine == "sum":
            return [dy] * len(branches)
        return jnp.split(dy, np.cumsum([y.shape[-1] for y in ys])[:-1], axis=-1)

    def init(key, x):
        params: list = []
        states: list = []
        ys: list = []
        for (_, (name, layer, _)), k in zip(
            branches, jax.random.split(key, len(branches)), strict=True
        ):
            with within(name):
                p, s, y = init_and_shape(layer, k, x)
                if combine == "concat" and ys:
                    y_in_common = jax.ShapeDtypeStruct((*y.shape[:-1], ys[0].shape[-1]), y.dtype)
                    same_shape("parallel concatenates along the last axis", ys[0], y_in_common)
                elif ys:
                    same_shape("parallel sums outputs of one shape", ys[0], y)
            params.append(p)
            states.append(s)
            ys.append(y)
        return collect(params), collect(states)

    def forward(params, state, x, ctx):
        ys, states, residuals = [], [], []
        for i, (k, (name, layer, _)) in enumerate(branches):
            with within(name):
                y, s, r = layer.forward(params[k], state[k], x, ctx.child(i))
            ys.append(y)
            states.append(s)
            residuals.append(r)
        return join(ys), collect(states), (collect(residuals), witness(ys))

    def jvp(params, res, tparams, tx):
        tys = []
        for k, (name, layer, _) in branches:
            with within(name):
                tys.append(push(layer, params[k], res[0][k], tparams[k], tx))
        return join(tys)

    def vjp(params, res, dy):
        dparams, dxs = [], []
        for (k, (name, layer, _)), dy_i in zip(branches, part_cotangents(dy, res[1]), strict=True):
            with within(name):
                dp, dx = pull(layer, params[k], res[0][k], dy_i)
            dparams.append(dp)
            dxs.append(dx)
        dx = None if dxs[0] is None else jax.tree.map(lambda *d: sum(d[1:], d[0]), *dxs)
        return collect(dparams), dx

    def dual_(params, state, x, ctx, tparams, tx):
        ys, states, tys = [], [], []
        for i, (k, (name, layer, _)) in enumerate(branches):
            with within(name):
                y, s, ty = dual(layer, params[k], state[k], x, ctx.child(i), tparams[k], tx)
            ys.append(y)
            states.append(s)
            tys.append(ty)
        return join(ys), collect(states), join(tys)

    rebuild = rebuilt(partial(parallel, combine=combine), parts, bool(named))
    return Layer(f"parallel({combine})", init, forward, jvp, vjp, dual_, parts, rebuild)
