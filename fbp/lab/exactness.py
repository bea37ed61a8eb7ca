"""How far a gradient is from the exact one."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from fbp.compose.precision import cast
from fbp.gradients import gradient
from fbp.layer import Context, PyTree
from fbp.objective import Batch, Objective


class Exactness(NamedTuple):
    """cosine: of the angle between the two gradients as vectors; 0 if one of them is 0.
    max_rel_error: the largest difference of an entry, over the largest entry of the exact
    gradient: the relative error in the infinity norm. Entry by entry it would say nothing, since
    entries that are exactly 0 are the rule (dead units, dark pixels)."""

    cosine: float
    max_rel_error: float


def exactness(grads: NDArray, exact: NDArray) -> Exactness:
    """Both (parameters,); computed in float64. The error of a zero gradient is absolute."""
    g, e = np.asarray(grads, np.float64), np.asarray(exact, np.float64)
    norms = np.linalg.norm(g) * np.linalg.norm(e)
    largest = np.max(np.abs(e))
    return Exactness(
        cosine=float(g @ e / norms) if norms else 0.0,
        max_rel_error=float(np.max(np.abs(g - e)) / (largest or 1)),
    )


def exact_gradient(
    objective: Objective, params: PyTree, state: PyTree, batch: Batch, ctx: Context
) -> NDArray:
    """JAX's reverse mode in float64 at the same point, as one vector (parameters,).

    The objective must compute in its arguments' dtype.
    """

    def grads(params, state, batch):
        params, state, batch = cast((params, state, batch), "float64")
        return gradient(objective, "autodiff")(params, state, batch, ctx).grads

    with jax.enable_x64(True):
        return as_vector(jax.jit(grads)(params, state, batch))


def as_vector(grads: PyTree) -> NDArray:
    """All leaves as one vector (parameters,), in ravel_pytree's order, on the host."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(grads)])
