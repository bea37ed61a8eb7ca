"""An objective as a function of a few of its parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from fbp.layer import Context, PyTree
from fbp.objective import Objective


def restricted(objective: Objective, entries: jax.Array) -> Objective:
    """The same loss of a vector (n,), which stands for entries `entries` of all the parameters.

    Its batch is (batch, params), with the parameters that stay as they are. A pass costs what a
    pass of the whole objective does, so that modes of one pass a parameter can be measured on n.
    """

    def whole(vector: jax.Array, params: PyTree) -> PyTree:
        flat, unflatten = ravel_pytree(params)
        return unflatten(flat.at[entries].set(vector))

    def whole_tangent(tvector: jax.Array, params: PyTree) -> PyTree:
        return whole(tvector, jax.tree.map(jnp.zeros_like, params))

    def init(key, inputs):
        params, state = objective.init(key, inputs)
        return ravel_pytree(params)[0][entries], state

    def forward(vector, state, batch: tuple[Any, PyTree], ctx: Context):
        examples, params = batch
        loss, aux, res = objective.forward(whole(vector, params), state, examples, ctx)
        return loss, aux, (res, params)

    def jvp(vector, res, tvector):
        inner, params = res
        return objective.jvp(whole(vector, params), inner, whole_tangent(tvector, params))

    def vjp(vector, res, dloss):
        inner, params = res
        return ravel_pytree(objective.vjp(whole(vector, params), inner, dloss))[0][entries]

    def dual(vector, state, batch: tuple[Any, PyTree], ctx: Context, tvector):
        examples, params = batch
        tparams = whole_tangent(tvector, params)
        return objective.dual(whole(vector, params), state, examples, ctx, tparams)

    return Objective(f"{objective.name}, restricted", init, forward, jvp, vjp, dual)
