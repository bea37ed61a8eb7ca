"""What every gradient mode returns, and its one signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax

from fbp.errors import FbpError
from fbp.layer import PyTree


class Evaluation(NamedTuple):
    """loss: scalar. grads: like params. state: the new state. metrics: scalars by name."""

    loss: jax.Array
    grads: PyTree
    state: PyTree
    metrics: PyTree


GradFn = Callable[..., Evaluation]  # grad_fn(params, state, batch, ctx) -> Evaluation


class GradientError(FbpError):
    """A mode that cannot serve what it was asked."""
