"""Numerical gradients: the loss itself, again and again, a little beside the point."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp

from fbp.gradients.evaluation import Evaluation, GradFn, GradientError
from fbp.gradients.sweep import flat, map_basis, one_hot
from fbp.objective import Objective


def finite_difference(
    objective: Objective,
    *,
    scheme: Literal["central", "one_sided"] = "central",
    step: float | None = None,
    chunk: int = 64,
) -> GradFn:
    """central: (C(w + h) - C(w - h)) / 2h, error O(h^2); one_sided: (C(w + h) - C(w)) / h, O(h).

    step: h relative to max(1, |w|); None balances truncation against round-off: eps^(1/3) for
    central, eps^(1/2) for one-sided. Cost: two passes a parameter, or one and one more.
    Source: Nielsen 2015, chapter 2, eq. 46. Raises GradientError for another scheme or step <= 0.
    """
    if scheme not in ("central", "one_sided"):
        raise GradientError(
            f"finite_difference: scheme is 'central' or 'one_sided', got {scheme!r}"
        )
    if step is not None and step <= 0:
        raise GradientError(f"finite_difference: step must be positive, got {step}")

    def grad_fn(params, state, batch, ctx):
        vector, unflatten = flat(params)
        balanced = jnp.finfo(vector.dtype).eps ** (1 / 3 if scheme == "central" else 1 / 2)
        relative = balanced if step is None else step
        loss, (state_out, metrics), _ = objective.forward(params, state, batch, ctx)

        def value(vector):
            return objective.forward(unflatten(vector), state, batch, ctx)[0]

        def slope(i):
            h = relative * jnp.maximum(1, jnp.abs(vector[i]))
            above = vector + h * one_hot(i, vector)
            width = above[i] - vector[i]  # what the step really is after rounding
            if scheme == "one_sided":
                return (value(above) - loss) / width
            below = vector - h * one_hot(i, vector)
            return (value(above) - value(below)) / (above[i] - below[i])

        grads = unflatten(map_basis(slope, vector.size, chunk))
        return Evaluation(loss, grads, state_out, metrics)

    return grad_fn
