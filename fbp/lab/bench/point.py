"""Where a case is computed: initial parameters, and a batch of random numbers or tokens."""

from __future__ import annotations

from typing import NamedTuple

import jax

from fbp.build import build_objective
from fbp.compose.parts import spec
from fbp.config.schema import Text
from fbp.fused_head import fused_head
from fbp.lab.bench.case import Case
from fbp.layer import Context, PyTree
from fbp.layers import identity
from fbp.objective import Batch, Objective


class Point(NamedTuple):
    """The arguments of a gradient function; ctx draws from a key of its own."""

    params: PyTree
    state: PyTree
    batch: Batch
    ctx: Context


def objective_of(case: Case) -> Objective:
    """What the case differentiates, as a run of its configuration would have it; no metrics."""
    if case.bench.kind == "head":
        return fused_head(identity(), case.bench.classes)
    return build_objective(case, case.bench.classes, metrics=False)[2]


def point_of(case: Case, objective: Objective) -> Point:
    """The case's point, always the same."""
    init_key, inputs_key, targets_key, ctx_key = jax.random.split(jax.random.key(0), 4)
    shape = (case.train.batch_size, *case.bench.inputs)
    tokens = isinstance(case.data, Text)
    if tokens:
        inputs = jax.random.randint(inputs_key, shape, 0, case.bench.classes)
    else:
        inputs = jax.random.uniform(inputs_key, shape)
    targets = jax.random.randint(targets_key, shape if tokens else shape[:1], 0, case.bench.classes)
    params, state = jax.jit(lambda k: objective.init(k, spec(inputs)))(init_key)
    return Point(params, state, Batch(inputs, targets), Context(ctx_key))
