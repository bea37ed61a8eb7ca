"""The gradient of one objective, proved leaf by leaf at the point where training would start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose.precision import cast
from fbp.layer import Context, Layer, PyTree
from fbp.losses import Loss
from fbp.objective import Batch, Objective, supervised
from fbp.proof.rule import floats
from fbp.proof.vectors import inner, largest, norm, random_like, relative

# In float64, truncation and round-off of the extrapolated difference are below 1e-8 at the first.
# A wrong gradient is wrong at all of them; a kink that the first stepped over, the last may not.
STEPS = (1e-5, 1e-6, 1e-7)


class Errors(NamedTuple):
    """vjp, jvp: against autodiff. adjoint: <dloss, jvp(t)> against <vjp(dloss), t>.
    difference: <vjp, t> against a central difference with Richardson extrapolation, at the first
    of STEPS that is within bounds, or the best.

    All in float64 and relative: vjp to the largest entry of the leaf's gradient, the others to its
    norm, which is the size of a slope along a random direction t.
    """

    vjp: float
    jvp: float
    adjoint: float
    difference: float


BOUNDS = Errors(vjp=1e-10, jvp=1e-10, adjoint=1e-11, difference=1e-6)


class AuditRow(NamedTuple):
    """What was found for one parameter leaf. shape: the leaf's."""

    path: str
    shape: tuple[int, ...]
    errors: Errors

    @property
    def passed(self) -> bool:
        """Whether every error is within its bound; NaN is not."""
        return all(e <= b for e, b in zip(self.errors, BOUNDS, strict=True))


def audit(net: Layer, loss: Loss, params: PyTree, state: PyTree, batch: Batch) -> list[AuditRow]:
    """One row for each parameter leaf of loss(net(inputs), targets) on this batch.

    The arithmetic is done in float64 whatever the dtypes given, in training mode with a fixed key;
    a net under in_dtype is audited without the cast.
    """
    return audit_objective(supervised(in_full(net), loss), params, state, batch)


def audit_objective(
    objective: Objective, params: PyTree, state: PyTree, batch: Batch
) -> list[AuditRow]:
    """The same for any objective."""
    with jax.enable_x64(True):
        params, state, batch = cast((params, state, batch), jnp.float64)
        return _rows(objective, params, state, batch, Context(jax.random.key(0)))


def in_full(layer: Layer) -> Layer:
    """The same net without its changes of precision."""
    inner_layers = [in_full(part.layer) for part in layer.parts]
    if layer.name.startswith("in_dtype"):
        return inner_layers[0]
    return layer.rebuild(inner_layers) if layer.rebuild is not None else layer


def _rows(objective, params, state, batch, ctx) -> list[AuditRow]:
    names, leaves, values, tangents = floats(params)

    def value(leaves):
        return objective.forward(values(leaves), state, batch, ctx)[0]

    @jax.jit
    def gradients(leaves):
        loss, _, res = objective.forward(values(leaves), state, batch, ctx)
        dparams = objective.vjp(values(leaves), res, jnp.ones_like(loss))
        return floats(dparams).leaves, jax.grad(value)(leaves)

    @jax.jit
    def slopes(leaves, t, step):
        _, _, res = objective.forward(values(leaves), state, batch, ctx)
        by_hand = objective.jvp(values(leaves), res, tangents(t))

        def central(h):
            moved = [tuple(a + s * h * b for a, b in zip(leaves, t, strict=True)) for s in (1, -1)]
            return (value(moved[0]) - value(moved[1])) / (2 * h)

        richardson = (4 * central(step / 2) - central(step)) / 3
        return by_hand, jax.jvp(value, (leaves,), (t,))[1], richardson

    rows = []
    for i, (name, dleaf, expected) in enumerate(zip(names, *gradients(leaves), strict=True)):
        t = tuple(jnp.zeros_like(a) for a in leaves)
        direction = random_like(i, leaves[i : i + 1])
        t = t[:i] + direction + t[i + 1 :]
        pulled, size = inner((dleaf,), direction), norm((expected,))
        difference = math.inf
        for step in STEPS:
            pushed, pushed_by_autodiff, measured = map(float, slopes(leaves, t, step))
            difference = min(difference, relative(abs(measured - pulled), size))
            if difference <= BOUNDS.difference:
                break
        errors = Errors(
            vjp=relative(largest(np.asarray(dleaf - expected)), largest(np.asarray(expected))),
            jvp=relative(abs(pushed - pushed_by_autodiff), size),
            adjoint=relative(abs(pushed - pulled), size),
            difference=difference,
        )
        rows.append(AuditRow(name, leaves[i].shape, errors))
    return rows


def failures(rows: Sequence[AuditRow]) -> list[AuditRow]:
    """The rows that did not pass."""
    return [row for row in rows if not row.passed]
