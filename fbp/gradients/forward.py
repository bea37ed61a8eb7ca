"""Forward mode by hand: one pass for every parameter."""

from __future__ import annotations

from fbp.gradients.evaluation import Evaluation, GradFn
from fbp.gradients.sweep import flat, map_basis, one_hot
from fbp.objective import Objective


def forward(objective: Objective, *, chunk: int = 64) -> GradFn:
    """Entry i of the gradient is the tangent of the loss along basis vector i.

    Runs the hand-written dual (value and tangent in one sweep), `chunk` tangents at a time; its
    memory does not grow with depth. Cost: one tangent pass a parameter.
    """

    def grad_fn(params, state, batch, ctx):
        vector, unflatten = flat(params)

        def slope(i):
            tparams = unflatten(one_hot(i, vector))
            return objective.dual(params, state, batch, ctx, tparams)[2]

        loss, (state_out, metrics), _ = objective.forward(params, state, batch, ctx)
        grads = unflatten(map_basis(slope, vector.size, chunk))
        return Evaluation(loss, grads, state_out, metrics)

    return grad_fn
