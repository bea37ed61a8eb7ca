"""The gradient and the norm of every example's own: from one backward pass, and by vmap(grad)."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender, compiled
from fbp.lab.bench.point import Point
from fbp.lab.timing import clock
from fbp.lab.usual import usual_loss
from fbp.objective import Batch, Objective
from fbp.statistics import measure


def per_example_contenders(case: Case, objective: Objective, point: Point) -> dict[str, Contender]:
    """fbp, and autodiff: vmap of jax.grad of the usual code. Both return the mean and the norms."""
    usual = usual_loss(case)
    measured = measure(objective)

    def ours(params, state, batch):
        found = measured(params, state, batch, point.ctx)
        return found.loss, (found.grads, found.examples.norms)

    def by_vmap(params, state, batch):
        def one(example):
            alone = Batch(*(None if a is None else a[None] for a in example))
            return jax.value_and_grad(lambda p: usual(p, state, alone)[0])(params)

        losses, grads = jax.vmap(one)(batch)
        squares = (jnp.sum(g * g, range(1, g.ndim)) for g in jax.tree.leaves(grads))
        norms = jnp.sqrt(sum(squares))
        return losses.mean(), (jax.tree.map(lambda g: g.mean(0), grads), norms)

    return {"fbp": _called(ours, point), "autodiff": _called(by_vmap, point)}


def _called(f, point: Point) -> Contender:
    program = compiled(f, *point[:3])
    return Contender(
        lambda: program.call(*point[:3]),
        partial(clock, lambda: program.call(*point[:3])),
        program.seconds,
        program.temp_bytes,
    )
