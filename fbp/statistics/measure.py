"""A batch's gradient together with its examples' statistics, and with their gradients clipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Layer, PyTree, pull
from fbp.objective import Objective
from fbp.statistics.estimates import ExampleStatistics, StatisticsError
from fbp.statistics.measured import measured, unzip

TINY = 1e-30


class Measurement(NamedTuple):
    """loss, grads, state and metrics as every gradient mode gives them; examples: of the gradients
    before any clipping, and unclipped: their mean, which without clipping is grads."""

    loss: jax.Array
    grads: PyTree
    state: PyTree
    metrics: PyTree
    examples: ExampleStatistics
    unclipped: PyTree


Measure = Callable[..., Measurement]  # measure_fn(params, state, batch, ctx) -> Measurement


def measure(objective: Objective, *, second_moment: bool = False) -> Measure:
    """measure_fn(params, state, batch, ctx) -> Measurement, from one forward and one backward pass.

    No array is as large as `batch` copies of the parameters. second_moment: too, at more cost
    where a parameter is used at several places. Examples lie along the first axis of the inputs.
    Raises StatisticsError for an objective that has no net and, when called, LayerError for a
    layer that couples examples or has no per-example rule.
    Sources: Goodfellow 2015, Efficient per-example gradient computations; Li et al. 2022, Large
    language models can be strong differentially private learners, section 4; Bu et al. 2022.
    """
    measuring = _of_net(objective, lambda net: measured(net, second_moment=second_moment))

    def measure_fn(params, state, batch, ctx):
        loss, (state, metrics), res = objective.forward(params, state, batch, ctx)
        grads, norms, squares = unzip(measuring.vjp(params, res, jnp.ones_like(loss)))
        examples = _statistics(norms, squares, jax.tree.leaves(batch.inputs)[0].shape[0])
        return Measurement(loss, grads, state, metrics, examples, grads)

    return measure_fn


def measure_clipped(objective: Objective, clip: float) -> Measure:
    """As measure, with grads = mean_i min(1, clip / |g_i|) g_i.

    Two backward passes over the same residuals: the first finds the norms, the second pulls back
    the loss's cotangent with each example's rows scaled, because the pull-back is linear in them.
    Sources: Abadi et al. 2016, algorithm 1; Li et al. 2022, section 4 (ghost clipping).
    Raises as measure does, and StatisticsError for clip <= 0.
    """
    if clip <= 0:
        raise StatisticsError(f"clip must be positive, got {clip}")
    measuring = _of_net(objective, lambda net: measured(net, second_moment=False))

    def measure_fn(params, state, batch, ctx):
        loss, (state, metrics), res = objective.forward(params, state, batch, ctx)
        unclipped, norms, squares = unzip(measuring.vjp(params, res, jnp.ones_like(loss)))
        examples = _statistics(norms, squares, jax.tree.leaves(batch.inputs)[0].shape[0])
        scale = jnp.minimum(1, clip / jnp.maximum(examples.norms, TINY))
        clipping = _of_net(objective, lambda net: _scaled(net, scale))
        grads = clipping.vjp(params, res, jnp.ones_like(loss))
        return Measurement(loss, grads, state, metrics, examples, unclipped)

    return measure_fn


def _of_net(objective: Objective, change: Callable[[Layer], Layer]) -> Objective:
    """The objective with its net changed."""
    if objective.net is None or objective.rebuild is None or objective.own_params:
        raise StatisticsError(
            f"{objective.name} has no per-example gradients: head and loss are one rule, which "
            "sums over the examples; set model.fused = false"
        )
    return objective.rebuild(change(objective.net))


def _scaled(net: Layer, scale: jax.Array) -> Layer:
    """The net, whose vjp first multiplies the cotangent of example i's outputs by scale_i."""

    def vjp(params, res, dy):
        by_example = scale.reshape(-1, *[1] * (dy.ndim - 1)).astype(dy.dtype)
        return pull(net, params, res, by_example * dy)

    return net._replace(vjp=vjp)


def _statistics(norms: PyTree, squares: PyTree, batch: int) -> ExampleStatistics:
    """From what each example put into the gradient, a `batch`-th of its own gradient."""
    leaves = jax.tree_util.tree_leaves_with_path(norms)
    if not leaves:
        raise StatisticsError("there are no statistics of a gradient without parameters")
    for path, leaf in leaves:
        if leaf.shape != (batch,):
            raise StatisticsError(
                f"parameter {jax.tree_util.keystr(path)}: {batch} examples became {leaf.shape[0]} "
                "before its layer; per-example gradients need the examples along the first axis"
            )
    return ExampleStatistics(
        batch * jnp.sqrt(jnp.sum(jnp.stack([leaf for _, leaf in leaves]), axis=0)),
        jax.tree.map(lambda s: batch * jnp.sqrt(s), norms),
        jax.tree.map(lambda s: batch * s, squares),
    )
