"""Numbers about the gradients of single examples, and what they say of the gradient's noise."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.errors import FbpError
from fbp.layer import PyTree


class StatisticsError(FbpError):
    """A statistic that cannot be had from what is there."""


class ExampleStatistics(NamedTuple):
    """Of the gradients g_i of the batch's examples, whose mean is the gradient.

    g_i is `batch` times what example i contributes to the loss's gradient: without weights, under
    a loss that is a mean over examples, the gradient of example i's own loss. With weights w it is
    batch w_i / sum(w) times that.

    norms: |g_i| over all parameters, (batch,). leaf_norms: for each parameter, (batch,).
    second_moment: mean_i g_i^2, elementwise, like the parameters; leaves are None if not asked for.
    """

    norms: jax.Array
    leaf_norms: PyTree
    second_moment: PyTree


class NoiseScale(NamedTuple):
    """Unbiased estimates from one batch. variance: tr(Sigma), Sigma the covariance of a single
    example's gradient. squared_gradient: |G|^2 of the expected gradient; it may be negative.

    Both are to be averaged over batches before the ratio is taken.
    """

    variance: jax.Array
    squared_gradient: jax.Array

    @property
    def scale(self) -> jax.Array:
        """tr(Sigma) / |G|^2: the batch at which noise and gradient are equally large."""
        return self.variance / self.squared_gradient


def noise_scale(statistics: ExampleStatistics, grads: PyTree) -> NoiseScale:
    """The simple noise scale's two parts. grads: the batch's gradient, not clipped.

    Source: McCandlish et al. 2018, An empirical model of large-batch training, appendix A.1, with
    batches of 1 and of n. Raises StatisticsError for a single example.
    """
    n = _several(statistics)
    of_one = jnp.mean(jnp.square(statistics.norms))
    of_all = squared_norm(grads)
    return NoiseScale((of_one - of_all) / (1 - 1 / n), (n * of_all - of_one) / (n - 1))


def variance(statistics: ExampleStatistics, grads: PyTree) -> PyTree:
    """The unbiased variance of a single example's gradient, elementwise, like the parameters.

    grads: as noise_scale. Raises StatisticsError for a single example, and without second moments.
    """
    n = _several(statistics)
    if len(jax.tree.leaves(statistics.second_moment)) < len(jax.tree.leaves(grads)):
        raise StatisticsError("the variance needs second moments: measure(..., second_moment=True)")
    return jax.tree.map(
        lambda square, mean: (square - jnp.square(mean)) * (n / (n - 1)),
        statistics.second_moment,
        grads,
    )


def squared_norm(tree: PyTree) -> jax.Array:
    """The sum of all entries' squares, in float32 or better."""
    squares = [
        jnp.sum(jnp.square(a.astype(jnp.promote_types(a.dtype, jnp.float32))))
        for a in jax.tree.leaves(tree)
    ]
    return sum(squares[1:], squares[0])


def _several(statistics: ExampleStatistics) -> int:
    n = statistics.norms.shape[0]
    if n < 2:
        raise StatisticsError("the spread of per-example gradients needs a batch of at least 2")
    return n
