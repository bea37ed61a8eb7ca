"""Every gradient mode by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fbp.gradients.autodiff import autodiff
from fbp.gradients.backprop import backprop
from fbp.gradients.evaluation import GradFn, GradientError
from fbp.gradients.finite_difference import finite_difference
from fbp.gradients.forward import forward
from fbp.gradients.forward_autodiff import forward_autodiff
from fbp.gradients.forward_gradient import forward_gradient
from fbp.gradients.spsa import spsa
from fbp.objective import Objective

MODES: dict[str, Callable[..., GradFn]] = {
    "backprop": backprop,
    "autodiff": autodiff,
    "forward": forward,
    "forward_autodiff": forward_autodiff,
    "finite_difference": finite_difference,
    "forward_gradient": forward_gradient,
    "spsa": spsa,
}


def gradient(objective: Objective, mode: str = "backprop", **options: Any) -> GradFn:
    """grad_fn(params, state, batch, ctx) -> Evaluation(loss, grads, state, metrics).

    `options` are the mode's keyword arguments, e.g. tangents=16 for "forward_gradient".
    Raises GradientError for an unknown mode.
    """
    if mode not in MODES:
        raise GradientError(f"unknown gradient mode {mode!r}; there are {', '.join(MODES)}")
    return MODES[mode](objective, **options)
