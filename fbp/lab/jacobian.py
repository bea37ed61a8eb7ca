"""Whole Jacobians from hand-written rules: a pass an input, or a pass an output."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.layer import Context, Layer, PyTree, pull, push


def jacfwd(layer: Layer, params: PyTree, state: PyTree, x: jax.Array, ctx: Context) -> jax.Array:
    """dy/dx, column by column: the layer's jvp along every basis vector of x, vectorised.

    x: (inputs,) -> (outputs, inputs), as jax.jacfwd. Cost: one tangent pass an input.
    """
    _, _, res = layer.forward(params, state, x, ctx)
    still = jax.tree.map(jnp.zeros_like, params)
    basis = jnp.eye(x.size, dtype=x.dtype)
    return jax.vmap(lambda tx: push(layer, params, res, still, tx), out_axes=-1)(basis)


def jacrev(layer: Layer, params: PyTree, state: PyTree, x: jax.Array, ctx: Context) -> jax.Array:
    """dy/dx, row by row: the layer's vjp from every basis vector of y, vectorised.

    x: (inputs,) -> (outputs, inputs), as jax.jacrev. Cost: one cotangent pass an output.
    """
    y, _, res = layer.forward(params, state, x, ctx)
    basis = jnp.eye(y.size, dtype=y.dtype)
    return jax.vmap(lambda dy: pull(layer, params, res, dy)[1])(basis)
