"""An unbiased estimate of the gradient from a few random tangents, without a backward pass."""

from __future__ import annotations

from typing import Literal

import jax

from fbp.gradients.evaluation import Evaluation, GradFn, GradientError
from fbp.gradients.sweep import draw_key, flat, mean_of_draws, require_positive
from fbp.objective import Objective

DRAW = {"normal": jax.random.normal, "rademacher": jax.random.rademacher}


def forward_gradient(
    objective: Objective,
    *,
    tangents: int = 1,
    distribution: Literal["normal", "rademacher"] = "normal",
    chunk: int = 64,
) -> GradFn:
    """mean over k of <grad, v_k> v_k, for random v_k with E[v v^T] = I.

    E|g - grad|^2 = (P + 1)/K |grad|^2 for normal tangents, (P - 1)/K |grad|^2 for Rademacher ones
    (P parameters, K tangents). Draws from ctx.key. Source: Baydin et al. 2022, eq. 1.
    Raises GradientError for an unknown distribution, tangents < 1, or a context without a key.
    """
    require_positive("tangents", tangents)
    if distribution not in DRAW:
        raise GradientError(
            f"forward_gradient: distribution is one of {', '.join(DRAW)}, got {distribution!r}"
        )

    def grad_fn(params, state, batch, ctx):
        vector, unflatten = flat(params)
        loss, (state_out, metrics), _ = objective.forward(params, state, batch, ctx)

        def estimate(key):
            v = DRAW[distribution](key, vector.shape, vector.dtype)
            slope = objective.dual(params, state, batch, ctx, unflatten(v))[2]
            return slope * v

        key = draw_key("forward_gradient", ctx)
        grads = unflatten(mean_of_draws(estimate, key, tangents, chunk))
        return Evaluation(loss, grads, state_out, metrics)

    return grad_fn
