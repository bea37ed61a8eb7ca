"""Mixed precision: parameters in one dtype, arithmetic in another."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.layer import Layer, Part, PyTree, dual, pull, push
from fbp.witness import witness


def in_dtype(layer: Layer, compute: str, out: str = "float32") -> Layer:
    """`layer` computed in dtype `compute`, on parameters that stay in theirs; y is in dtype `out`.

    Parameters and input are cast on the way in; tangents and cotangents are cast the same way, so
    gradients come back in the parameters' dtype and dx in x's. Integer leaves pass.
    Source: Micikevicius et al. 2018, Mixed precision training, section 3.1.
    """

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(cast(params, compute), state, cast(x, compute), ctx)
        return cast(y, out), state, (res, witness(x))

    def jvp(params, res, tparams, tx):
        tparams, tx = cast((tparams, tx), compute)
        return cast(push(layer, cast(params, compute), res[0], tparams, tx), out)

    def vjp(params, res, dy):
        dparams, dx = pull(layer, cast(params, compute), res[0], cast(dy, compute))
        return like(dparams, params), None if dx is None else like(dx, res[1])

    def dual_(params, state, x, ctx, tparams, tx):
        params, x, tparams, tx = cast((params, x, tparams, tx), compute)
        y, state, ty = dual(layer, params, state, x, ctx, tparams, tx)
        return cast(y, out), state, cast(ty, out)

    parts = (Part("f", layer),)
    name = f"in_dtype({compute})"
    return Layer(
        name, layer.init, forward, jvp, vjp, dual_, parts, lambda f: in_dtype(f[0], compute, out)
    )


def cast(tree: PyTree, dtype) -> PyTree:
    """Every floating leaf in `dtype`; the others as they are."""
    return jax.tree.map(
        lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, tree
    )


def like(tree: PyTree, model: PyTree) -> PyTree:
    """Every leaf in the dtype of the leaf of `model` that stands there, or above it."""
    return jax.tree.map(
        lambda m, part: jax.tree.map(lambda a: a.astype(m.dtype), part), model, tree
    )
