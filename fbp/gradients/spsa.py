"""Simultaneous perturbation: two losses estimate the whole gradient."""

from __future__ import annotations

import jax

from fbp.gradients.evaluation import Evaluation, GradFn, GradientError
from fbp.gradients.sweep import draw_key, flat, mean_of_draws, require_positive
from fbp.objective import Objective


def spsa(objective: Objective, *, draws: int = 1, step: float = 1e-3, chunk: int = 64) -> GradFn:
    """mean over k of (C(w + c v_k) - C(w - c v_k)) / 2c * v_k, with v_k of random signs.

    Unbiased up to O(c^2); needs no derivative at all. step: c. Draws from ctx.key.
    Source: Spall 1992, eq. 2.1. Raises GradientError for draws < 1, step <= 0, or no key.
    """
    require_positive("draws", draws)
    if step <= 0:
        raise GradientError(f"spsa: step must be positive, got {step}")

    def grad_fn(params, state, batch, ctx):
        vector, unflatten = flat(params)
        loss, (state_out, metrics), _ = objective.forward(params, state, batch, ctx)

        def value(vector):
            return objective.forward(unflatten(vector), state, batch, ctx)[0]

        def estimate(key):
            v = jax.random.rademacher(key, vector.shape, vector.dtype)
            return (value(vector + step * v) - value(vector - step * v)) / (2 * step) * v

        grads = unflatten(mean_of_draws(estimate, draw_key("spsa", ctx), draws, chunk))
        return Evaluation(loss, grads, state_out, metrics)

    return grad_fn
