"""Reverse mode by hand: one forward pass, one backward pass, no autodiff."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from fbp.gradients.evaluation import Evaluation, GradFn, GradientError
from fbp.gradients.sweep import draw_key
from fbp.objective import Objective
from fbp.statistics import add_noise, measure, measure_clipped
from fbp.statistics.metrics import STATISTICS, scalars


def backprop(
    objective: Objective,
    *,
    statistics: Sequence[str] = (),
    example_clip: float | None = None,
    noise_multiplier: float = 0.0,
) -> GradFn:
    """The objective's hand-written vjp, pulled back from dloss = 1.

    statistics: of single examples' gradients, as metrics (fbp.statistics.metrics).
    example_clip: the largest norm C of one example's gradient, and noise_multiplier times C /
    batch the standard deviation of the noise then added, from ctx.key: with both, the gradient of
    DP-SGD. Batches have to be drawn, and privacy accounted for, elsewhere; loss and metrics are
    not private.
    Sources: Rumelhart, Hinton & Williams 1986; Abadi et al. 2016, algorithm 1.
    Raises GradientError for an unknown statistic, and for noise without a clip or a key; what
    fbp.statistics.measure raises.
    """
    unknown = [name for name in statistics if name not in STATISTICS]
    if unknown:
        raise GradientError(f"unknown statistic {unknown[0]!r}; there are {', '.join(STATISTICS)}")
    if noise_multiplier < 0 or (noise_multiplier and example_clip is None):
        raise GradientError(
            f"noise_multiplier = {noise_multiplier} needs to be at least 0, and example_clip: "
            "without a largest norm, no noise hides an example"
        )

    def plain(params, state, batch, ctx):
        loss, (state, metrics), res = objective.forward(params, state, batch, ctx)
        grads = objective.vjp(params, res, jnp.ones_like(loss))
        return Evaluation(loss, grads, state, metrics)

    if not statistics and example_clip is None:
        return plain
    measure_fn = (
        measure(objective) if example_clip is None else measure_clipped(objective, example_clip)
    )

    def of_examples(params, state, batch, ctx):
        loss, grads, state, metrics, examples, unclipped = measure_fn(params, state, batch, ctx)
        if noise_multiplier and example_clip is not None:
            std = noise_multiplier * example_clip / examples.norms.shape[0]
            grads = add_noise(draw_key("backprop with noise", ctx), grads, std)
        metrics = metrics | scalars(statistics, examples, unclipped, example_clip)
        return Evaluation(loss, grads, state, metrics)

    return of_examples
