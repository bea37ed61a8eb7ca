"""y = f_n(... f_1(x)): the chain rule itself."""

from __future__ import annotations

import jax

from fbp.compose.parts import init_and_shape, name_parts, rebuilt
from fbp.layer import Layer, dual, pull, push, within


def serial(*layers: Layer, **named: Layer) -> Layer:
    """One layer after the other: tangents flow left to right, cotangents right to left.

    serial(dense(30), sigmoid()) keeps its parameters in a tuple, serial(hidden=dense(30), ...) in
    a dict. Part i draws from fold_in(key, i). Source: the chain rule.
    Raises LayerError, at init, for a part that does not take what the part before it gives.
    """
    parts, keys, collect = name_parts("serial", layers, named)
    steps = list(zip(keys, parts, strict=True))

    def init(key, x):
        params, states = [], []
        for (_, (name, layer, _)), k in zip(steps, jax.random.split(key, len(steps)), strict=True):
            with within(name):
                p, s, x = init_and_shape(layer, k, x)
            params.append(p)
            states.append(s)
        return collect(params), collect(states)

    def forward(params, state, x, ctx):
        states, residuals = [], []
        for i, (k, (name, layer, _)) in enumerate(steps):
            with within(name):
                x, s, r = layer.forward(params[k], state[k], x, ctx.child(i))
            states.append(s)
            residuals.append(r)
        return x, collect(states), collect(residuals)

    def jvp(params, res, tparams, tx):
        for k, (name, layer, _) in steps:
            with within(name):
                tx = push(layer, params[k], res[k], tparams[k], tx)
        return tx

    def vjp(params, res, dy):
        dparams = []
        for k, (name, layer, _) in reversed(steps):
            with within(name):
                dp, dy = pull(layer, params[k], res[k], dy)
            dparams.append(dp)
        return collect(dparams[::-1]), dy

    def dual_(params, state, x, ctx, tparams, tx):
        states = []
        for i, (k, (name, layer, _)) in enumerate(steps):
            with within(name):
                x, s, tx = dual(layer, params[k], state[k], x, ctx.child(i), tparams[k], tx)
            states.append(s)
        return x, collect(states), tx

    return Layer(
        "serial", init, forward, jvp, vjp, dual_, parts, rebuilt(serial, parts, bool(named))
    )
