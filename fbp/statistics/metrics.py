"""Statistics of single examples' gradients as metrics of a training step: scalars by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp

from fbp.layer import PyTree
from fbp.statistics.estimates import ExampleStatistics, noise_scale

STATISTICS = ("noise_scale", "per_example_norm")


def scalars(
    names: Sequence[str],
    examples: ExampleStatistics,
    grads: PyTree,
    clip: float | None = None,
) -> dict[str, jax.Array]:
    """What a step reports, for means over steps. grads: the gradient before clipping.

    per_example_norm: example_norm and example_norm_max, mean and maximum of |g_i| over the batch,
    and, with a clip, clipped_examples, the share above it. noise_scale: gradient_variance and
    squared_gradient, the two parts of the noise scale, whose ratio is taken of their means.
    """
    found = {}
    if "per_example_norm" in names:
        found["example_norm"] = jnp.mean(examples.norms)
        found["example_norm_max"] = jnp.max(examples.norms)
        if clip is not None:
            found["clipped_examples"] = jnp.mean((examples.norms > clip).astype(jnp.float32))
    if "noise_scale" in names:
        parts = noise_scale(examples, grads)
        found["gradient_variance"] = parts.variance
        found["squared_gradient"] = parts.squared_gradient
    return found


def of_means(means: Mapping[str, float]) -> dict[str, float]:
    """What follows from means over many steps: noise_scale, if their squared gradient is above 0.

    Source: McCandlish et al. 2018, appendix A.1: the ratio of the means, because the mean of the
    ratios is biased.
    """
    squared = means.get("squared_gradient", 0)
    return {"noise_scale": means["gradient_variance"] / squared} if squared > 0 else {}
