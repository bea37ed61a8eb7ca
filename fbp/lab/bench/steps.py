"""Training steps: ours, and autodiff's of the usual code, of that rematerialised, and of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fbp.build import build_optimizer, build_schedule
from fbp.gradients import gradient
from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender, Looped, compiled
from fbp.lab.bench.point import Point
from fbp.lab.usual import head_loss, usual_loss
from fbp.objective import Objective
from fbp.train.state import TrainState
from fbp.train.step import make_step, scan_ahead

LossAndGradient = Callable[..., tuple]  # (params, state, batch) -> (loss, state), gradient


def step_contenders(case: Case, objective: Objective, point: Point) -> dict[str, Contender]:
    """fbp, autodiff, autodiff_remat, autodiff_of_ours and, where a call is a scan, autodiff_loop.

    autodiff is jax.grad of usual_loss, all else of the step being the same optax; autodiff_remat
    the same with jax.checkpoint; autodiff_of_ours jax.grad of our own forward; autodiff_loop a
    Python loop of jitted autodiff steps.
    """
    optimizer = optimizer_of(case)
    usual = head_loss if case.bench.kind == "head" else usual_loss(case)
    by_autodiff = gradient(objective, "autodiff")

    def ours_differentiated(params, state, batch):
        found = by_autodiff(params, state, batch, point.ctx)
        return (found.loss, found.state), found.grads

    baselines: dict[str, LossAndGradient] = {
        "autodiff": jax.value_and_grad(usual, has_aux=True),
        "autodiff_remat": jax.value_and_grad(_remat(usual), has_aux=True),
        "autodiff_of_ours": ours_differentiated,
    }
    contenders = {"fbp": _ours(case, objective, optimizer, point)}
    for name, both in baselines.items():
        contenders[name] = _autodiff(both, optimizer, point, case.bench.scan)
    if case.bench.scan > 1:
        contenders["autodiff_loop"] = _python_loop(
            baselines["autodiff"], optimizer, point, case.bench.scan
        )
    return contenders


def optimizer_of(case: Case) -> optax.GradientTransformation:
    """As a run of one epoch would have it."""
    return build_optimizer(case, build_schedule(case, 1), case.train.batch_size)


def _ours(case: Case, objective: Objective, optimizer, point: Point) -> Contender:
    """The step that `fbp train` runs, but for its accuracy, which the others do not measure."""
    params, state, batch, _ = point
    grad_fn = gradient(objective, "backprop")
    step = make_step(grad_fn, optimizer)
    train_state = TrainState(
        params, state, optimizer.init(params), jnp.zeros((), jnp.int32), jax.random.key(0)
    )
    if case.bench.scan > 1:
        step, batch = scan_ahead(step, case.bench.scan), _repeated(batch, case.bench.scan)
    program = compiled(step, train_state, batch, donate=True)

    def evaluate():
        found = jax.jit(grad_fn)(*point)
        return found.loss, found.grads

    clock = Looped(program.call, train_state, batch)
    return Contender(evaluate, clock, program.seconds, program.temp_bytes)


def _autodiff(both: LossAndGradient, optimizer, point: Point, scan: int) -> Contender:
    """A step of the usual kind, or a scan of them."""
    step = _usual_step(both, optimizer)
    carry, batch = (point.params, point.state, optimizer.init(point.params)), point.batch
    if scan > 1:
        one, batch = step, _repeated(batch, scan)

        def step(carry, batches):
            return jax.lax.scan(one, carry, batches)

    program = compiled(step, carry, batch, donate=True)
    clock = Looped(program.call, carry, batch)
    return Contender(_evaluate(both, point), clock, program.seconds, program.temp_bytes)


def _python_loop(both: LossAndGradient, optimizer, point: Point, steps: int) -> Contender:
    """A call is `steps` jitted steps, each on a batch from the host, as most code has it."""
    carry = (point.params, point.state, optimizer.init(point.params))
    program = compiled(_usual_step(both, optimizer), carry, point.batch, donate=True)
    on_host = jax.tree.map(np.asarray, point.batch)

    def many(carry, batch):
        for _ in range(steps):
            carry, loss = program.call(carry, jax.tree.map(jnp.asarray, batch))
        return carry, loss

    clock = Looped(many, carry, on_host)
    return Contender(_evaluate(both, point), clock, program.seconds, program.temp_bytes)


def _usual_step(both: LossAndGradient, optimizer) -> Callable[..., Any]:
    def step(carry, batch):
        params, state, opt_state = carry
        (loss, state), grads = both(params, state, batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), state, opt_state), loss

    return step


def _evaluate(both: LossAndGradient, point: Point) -> Callable[[], tuple]:
    def evaluate():
        (loss, _), grads = jax.jit(both)(*point[:3])
        return loss, grads

    return evaluate


def _remat(usual):
    def loss(params, state, batch):
        return usual(params, state, batch, remat=True)

    return loss


def _repeated(batch, steps: int):
    """`steps` times the same batch along a new first axis."""
    return jax.tree.map(lambda a: jnp.broadcast_to(a, (steps, *a.shape)), batch)
