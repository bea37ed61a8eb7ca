"""Forward mode by JAX: jax.jvp of the same forward pass along every basis vector."""

from __future__ import annotations

import jax

from fbp.gradients.evaluation import Evaluation, GradFn
from fbp.gradients.sweep import flat, map_basis, one_hot
from fbp.objective import Objective


def forward_autodiff(objective: Objective, *, chunk: int = 64) -> GradFn:
    """As `forward`, with no hand-written rule: what it is measured against."""

    def grad_fn(params, state, batch, ctx):
        vector, unflatten = flat(params)

        def value(params):
            return objective.forward(params, state, batch, ctx)[0]

        def slope(i):
            return jax.jvp(value, (params,), (unflatten(one_hot(i, vector)),))[1]

        loss, (state_out, metrics), _ = objective.forward(params, state, batch, ctx)
        grads = unflatten(map_basis(slope, vector.size, chunk))
        return Evaluation(loss, grads, state_out, metrics)

    return grad_fn
