"""Reverse mode by hand: one forward pass, one backward pass, no autodiff."""

from __future__ import annotations

import jax.numpy as jnp

from fbp.gradients.evaluation import Evaluation, GradFn
from fbp.objective import Objective


def backprop(objective: Objective) -> GradFn:
    """The objective's hand-written vjp, pulled back from dloss = 1.

    Source: Rumelhart, Hinton & Williams 1986.
    """

    def grad_fn(params, state, batch, ctx):
        loss, (state, metrics), res = objective.forward(params, state, batch, ctx)
        grads = objective.vjp(params, res, jnp.ones_like(loss))
        return Evaluation(loss, grads, state, metrics)

    return grad_fn
