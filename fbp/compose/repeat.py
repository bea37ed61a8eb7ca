"""y = f(f(... f(x))) n times, each with parameters of its own, as one scan each way."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jax import lax

from fbp.backend import LOOP, Choice
from fbp.compose.chain import Chain, chain
from fbp.compose.parts import init_and_shape, same_shape
from fbp.compose.remat import remat
from fbp.compose.segments import segments
from fbp.compose.undone import undone
from fbp.layer import Layer, LayerError, Part, within

Save = Literal["all", "inputs", "every_k", "reversible"]


def repeat(
    layer: Layer, n: int, save: Save = "all", every: int | None = None, *, loop: Choice = LOOP
) -> Layer:
    """n copies of `layer` in series, as one lax.scan: compile time does not grow with depth.

    Parameters and state are the layer's, stacked along a new first axis of length n, in every
    mode. Application i draws from fold_in(key, i). Equals serial(*[layer] * n) on the same
    parameters. What forward keeps for jvp and vjp, and what that costs (R: residuals of one
    application, X: its input):

        save          kept        recomputed at a time   forward passes besides the first
        "all"         n R         nothing                0
        "inputs"      n X         R                      1
        "every_k"     n/every X   every X + R            2
        "reversible"  1 X         R                      1, and a layer that has undo

    loop: how a backend runs "all" and "inputs"; LOOP_OVER_CONVOLUTIONS for layers with any.
    Sources: Chen et al. 2016, Training deep nets with sublinear memory cost, for "inputs" and
    "every_k"; Gomez et al. 2017, The reversible residual network, for "reversible".
    Raises LayerError for n < 1, for `every` without "every_k" or not a divisor of n, for a layer
    without undo under "reversible" and, at init, if the layer changes the shape or the dtype.
    """
    if n < 1:
        raise LayerError(f"repeat needs n >= 1, got {n}")
    run = _run(layer, n, save, every, loop)

    def init(key, x):
        with within("f"):
            y = init_and_shape(layer, key, x)[2]
        same_shape(f"repeat needs {layer.name} to keep its input's shape", x, y)
        return jax.vmap(lambda k: layer.init(k, x))(jax.random.split(key, n))

    def contexts(ctx):
        # Not vmap, under which the keys of some generators (rbg) would be others than serial's.
        return lax.map(ctx.child, jnp.arange(n))

    def forward(params, state, x, ctx):
        with within("f"):
            return run.forward(params, state, x, contexts(ctx))

    def jvp(params, res, tparams, tx):
        with within("f"):
            return run.jvp(params, res, tparams, tx)

    def vjp(params, res, dy):
        with within("f"):
            return run.vjp(params, res, dy)

    def dual_(params, state, x, ctx, tparams, tx):
        with within("f"):
            return run.dual(params, state, x, contexts(ctx), tparams, tx)

    parts = (Part("f", layer, n),)
    rebuild = partial(_rebuilt, n=n, save=save, every=every, loop=loop)
    return Layer(f"repeat({n})", init, forward, jvp, vjp, dual_, parts, rebuild)


def _run(layer: Layer, n: int, save: Save, every: int | None, loop: Choice) -> Chain:
    """The rules of the whole chain, whose ctx is stacked like its parameters."""
    if every is not None and save != "every_k":
        raise LayerError(f'repeat: every = {every} is for save = "every_k", got save = "{save}"')
    match save:
        case "all":
            return chain(layer, n, loop)
        case "inputs":
            return chain(remat(layer), n, loop)
        case "every_k":
            if every is None or every < 1 or n % every:
                raise LayerError(f'repeat: save = "every_k" needs a divisor of {n}, got {every}')
            return segments(layer, n, every)
        case "reversible":
            if layer.undo is None:
                raise LayerError(
                    f'repeat: save = "reversible" needs a layer that can be inverted, such as '
                    f"reversible(f, g), got {layer.name}"
                )
            return undone(layer, n)
    raise LayerError(f"repeat: save is one of {', '.join(get_args(Save))}, got {save!r}")


def _rebuilt(layers, *, n: int, save: Save, every: int | None, loop: Choice) -> Layer:
    return repeat(layers[0], n, save, every, loop=loop)
