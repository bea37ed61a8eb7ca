"""JAX's reverse mode of the same forward pass: what backprop is measured against."""

from __future__ import annotations

import jax

from fbp.gradients.evaluation import Evaluation, GradFn
from fbp.objective import Objective


def autodiff(objective: Objective) -> GradFn:
    """jax.value_and_grad of the objective's forward; no hand-written rule runs."""

    def value(params, state, batch, ctx):
        loss, aux, _ = objective.forward(params, state, batch, ctx)
        return loss, aux

    def grad_fn(params, state, batch, ctx):
        (loss, (state, metrics)), grads = jax.value_and_grad(value, has_aux=True)(
            params, state, batch, ctx
        )
        return Evaluation(loss, grads, state, metrics)

    return grad_fn
