"""The classic argument, measured: what gradients and Jacobians cost as functions grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from fbp.compose import serial
from fbp.compose.parts import spec
from fbp.gradients import gradient
from fbp.lab.cost import FLOPS_LIMIT, compile_program
from fbp.lab.jacobian import jacfwd, jacrev
from fbp.lab.timing import Timing, interleaved
from fbp.layer import Context, PyTree
from fbp.layers import dense, tanh
from fbp.objective import Batch, Objective

HIDDEN = 256  # width of the hidden layer between the inputs and outputs of a Jacobian


class Cost(NamedTuple):
    """size: parameters, inputs or outputs. flops and seconds of one call, by method; methods that
    would have taken too long have no seconds."""

    size: int
    flops: dict[str, int]
    seconds: dict[str, float]


def gradient_costs(
    objectives: Sequence[Objective], batch: Batch, *, flops_limit: float = FLOPS_LIMIT
) -> list[Cost]:
    """The gradient of each objective in reverse (one pass back), forward (a pass a parameter) and
    numerically (a loss a parameter, and one), beside the loss alone.

    Size is the number of parameters. What takes more than `flops_limit` is counted, not run.
    """
    return [_gradient_cost(objective, batch, flops_limit) for objective in objectives]


def _gradient_cost(objective: Objective, batch: Batch, flops_limit: float) -> Cost:
    args = _start(objective, batch)
    methods: dict[str, Callable[..., Any]] = {
        "loss": lambda *args: objective.forward(*args)[0],
        "reverse": gradient(objective, "backprop"),
        "forward": gradient(objective, "forward"),
        "numerical": gradient(objective, "finite_difference", scheme="one_sided"),
    }
    return _cost(_count(args[0]), methods, args, flops_limit)


def jacobian_costs(shapes: Sequence[tuple[int, int]]) -> list[Cost]:
    """dy/dx of nets with one hidden layer, by jacfwd and by jacrev, for each (inputs, outputs).

    Size is whichever of inputs and outputs varies.
    """
    axis = 0 if len({n for n, _ in shapes}) > 1 else 1
    return [_jacobian_cost(shape[axis], *shape) for shape in shapes]


def _jacobian_cost(size: int, inputs: int, outputs: int) -> Cost:
    net = serial(dense(HIDDEN), tanh(), dense(outputs))
    x = jax.random.normal(jax.random.key(1), (inputs,))
    params, state = jax.jit(lambda key: net.init(key, spec(x)))(jax.random.key(0))
    methods = {"jacfwd": partial(jacfwd, net), "jacrev": partial(jacrev, net)}
    return _cost(size, methods, (params, state, x, Context()), math.inf)


def crossover(sizes: Sequence[int], first: Sequence[float], second: Sequence[float]) -> float:
    """The size at which two costs last change places, interpolated on logarithmic axes.

    NaN if the same one is lower at every size.
    """
    log_sizes, gaps = np.log(sizes), np.log(first) - np.log(second)
    changes = np.flatnonzero(np.sign(gaps[:-1]) != np.sign(gaps[1:]))
    if not changes.size:
        return math.nan
    i = changes[-1]
    share = gaps[i] / (gaps[i] - gaps[i + 1])
    return float(np.exp(log_sizes[i] + share * (log_sizes[i + 1] - log_sizes[i])))


class CheapGradient(NamedTuple):
    """What a gradient costs in units of its loss: a small constant, whatever the net.

    Source: Baur & Strassen 1983; Griewank & Walther 2008, section 3.4 (at most 5, in FLOPs).
    """

    parameters: int
    flops_ratio: float
    time: Timing


def cheap_gradient(objective: Objective, batch: Batch) -> CheapGradient:
    """Backprop beside the loss alone: ratio of FLOPs, and of times (interleaved)."""
    args = _start(objective, batch)
    loss = compile_program(lambda *args: objective.forward(*args)[0], *args)
    grads = compile_program(gradient(objective, "backprop"), *args)
    timings = interleaved({"loss": lambda: loss.call(*args), "grads": lambda: grads.call(*args)})
    return CheapGradient(_count(args[0]), grads.flops / loss.flops, timings["grads"])


def _cost(
    size: int, methods: Mapping[str, Callable[..., Any]], args: tuple, flops_limit: float
) -> Cost:
    """Every method compiled for `args`, and timed unless it takes more than `flops_limit`."""
    programs = {name: compile_program(f, *args) for name, f in methods.items()}
    timed = {n: partial(p.call, *args) for n, p in programs.items() if p.flops <= flops_limit}
    timings = interleaved(timed)
    return Cost(
        size,
        {name: p.flops for name, p in programs.items()},
        {name: t.seconds for name, t in timings.items()},
    )


def _start(objective: Objective, batch: Batch) -> tuple[PyTree, PyTree, Batch, Context]:
    """The arguments of a gradient function, at the objective's own initial parameters."""
    params, state = jax.jit(lambda key: objective.init(key, spec(batch.inputs)))(jax.random.key(0))
    return params, state, batch, Context(jax.random.key(1))


def _count(params: PyTree) -> int:
    return sum(p.size for p in jax.tree.leaves(params))
