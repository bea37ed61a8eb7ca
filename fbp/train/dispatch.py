"""How many steps the device gets at once: enough to hide the cost of asking, few enough to watch.

A resumed run has to execute the very programs of an uninterrupted one, so nothing here looks at a
clock: the length of a dispatch follows from the model, and its place from the step number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import jax
from jax.extend import core

DISPATCH_WORK = 1e10  # multiplications and additions: some 0.2 s on a few CPU cores
STEP_OVERHEAD = 1e6  # what a step costs besides, in the same unit: some 20 us


def steps_per_dispatch(step_work: float, steps_per_epoch: int) -> int:
    """Steps of `step_work` operations each that make a dispatch; at most an epoch.

    A number that divides the epoch is preferred: then one program serves all dispatches.
    """
    most = DISPATCH_WORK / (step_work + STEP_OVERHEAD)
    k = max(1, min(steps_per_epoch, math.floor(most)))
    return next((d for d in range(k, k // 2, -1) if steps_per_epoch % d == 0), k)


def dispatch_length(step: int, k: int, steps_per_epoch: int) -> int:
    """Steps of the dispatch that starts at `step`: to the next multiple of k within its epoch.

    An epoch's end is always a dispatch's end.
    """
    done = step % steps_per_epoch
    return min(k - done % k, steps_per_epoch - done)


def work(function: Callable, *args) -> float:
    """Operations of function(*args): 2 for each multiplication of a contraction, 1 for each other
    output element. Loops count as often as they run; args may be ShapeDtypeStructs.
    """
    return _jaxpr_work(jax.make_jaxpr(function)(*args).jaxpr)


def _jaxpr_work(jaxpr: core.Jaxpr) -> float:
    return sum(_equation_work(equation) for equation in jaxpr.eqns)


def _equation_work(equation: core.JaxprEqn) -> float:
    inner = sum(_jaxpr_work(jaxpr) for jaxpr in _inner_jaxprs(equation))
    if inner:
        return inner * equation.params.get("length", 1)
    outputs = sum(math.prod(_shape(v)) for v in equation.outvars)
    match equation.primitive.name:
        case "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            shape = _shape(equation.invars[0])
            return 2 * outputs * math.prod(shape[axis] for axis in contracted)
        case "conv_general_dilated":
            kernel = _shape(equation.invars[1])
            features = kernel[equation.params["dimension_numbers"].rhs_spec[0]]
            return 2 * outputs * math.prod(kernel) / features
    return outputs


def _shape(variable: core.Var | core.Literal) -> tuple[int, ...]:
    return getattr(variable.aval, "shape", ())


def _inner_jaxprs(equation: core.JaxprEqn) -> Iterator[core.Jaxpr]:
    for value in jax.tree.leaves(
        list(equation.params.values()), is_leaf=lambda v: isinstance(v, core.Jaxpr)
    ):
        if isinstance(value, core.ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, core.Jaxpr):
            yield value
