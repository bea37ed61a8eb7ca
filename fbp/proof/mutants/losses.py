"""Mistakes in losses, most of which real projects have shipped."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from fbp.layer import Layer
from fbp.proof.cases import losses as cases
from fbp.proof.mutants.mutant import Mutant, after_vjp, before_vjp, with_vjp


def residual(change: Callable) -> Callable[[Layer], Layer]:
    """The vjp sees change(coefficients, error): weights over their sum, and d loss / d output."""
    return before_vjp(lambda params, res, dy: (params, change(*res), dy))


def smoothing_forgotten(c, error):
    return c, error + 0.2 * (1 / 3 - jax.nn.one_hot(cases.labels, 3))


def rounded_before_the_subtraction(c, error):
    y = jax.nn.one_hot(cases.labels, 3)
    return c, (error + y).astype(jnp.bfloat16).astype(error.dtype) - y


def ignored_labels_learn(c, error):
    return jnp.full_like(c, 1 / c.size), error


def weights_forgotten(c, error):
    return jnp.full_like(c, 1 / c.size), error


def mean_over_all_examples(c, error):
    return jnp.where(c > 0, 1 / c.size, 0).astype(c.dtype), error


def scaled(by: float) -> Callable[[Layer], Layer]:
    return after_vjp(lambda dparams, dx: (dparams, by * dx))


def cotangent_is_one(params, res, dy):
    return params, res, jnp.ones_like(dy)


def divided_by_a_norm_of_0(c, error):
    direction, inverse, target = error
    return c, (direction, jnp.where(inverse == 0, jnp.inf, inverse), target)


def target_gets_one_violation(c, slope):
    return c, jnp.maximum(slope, -1)


MUTANTS = (
    Mutant("half forgotten", "quadratic", scaled(2.0)),
    Mutant("mean applied twice", "quadratic", scaled(1 / 5)),
    Mutant("mean not applied", "quadratic", scaled(5.0)),
    Mutant("mean over the outputs forgotten", "mean_squared", scaled(3.0)),
    Mutant("cotangent assumed to be one", "mean_squared", before_vjp(cotangent_is_one)),
    Mutant("weights forgotten", "quadratic/values", residual(lambda c, e: (jnp.ones_like(c), e))),
    Mutant("weights applied twice", "quadratic/values", residual(lambda c, e: (c * c, e))),
    Mutant(
        "the sigmoid's slope not cancelled",
        "binary_cross_entropy",
        residual(lambda c, e: (c, e * (1 - jnp.abs(e)) * jnp.abs(e))),
    ),
    Mutant(
        "target forgotten",
        "binary_cross_entropy/one",
        residual(lambda c, e: (c, e + cases.binary[:, None])),
    ),
    Mutant("mean applied twice", "softmax_cross_entropy", scaled(1 / 5)),
    Mutant("mean not applied", "softmax_cross_entropy", scaled(5.0)),
    Mutant(
        "target forgotten",
        "softmax_cross_entropy",
        residual(lambda c, e: (c, e + jax.nn.one_hot(cases.labels, 3))),
    ),
    Mutant(
        "probability rounded to bfloat16 before the subtraction",
        "softmax_cross_entropy/confident",
        residual(rounded_before_the_subtraction),
    ),
    Mutant("smoothing forgotten", "softmax_cross_entropy/smoothed", residual(smoothing_forgotten)),
    Mutant("ignored labels learn", "softmax_cross_entropy/ignored", residual(ignored_labels_learn)),
    Mutant(
        "mean over the ignored too",
        "softmax_cross_entropy/ignored",
        residual(mean_over_all_examples),
    ),
    Mutant("weights forgotten", "softmax_cross_entropy/weights", residual(weights_forgotten)),
    Mutant(
        "cotangent summed over examples",
        "softmax_cross_entropy/soft",
        before_vjp(lambda p, res, dy: (p, res, jnp.broadcast_to(jnp.sum(dy), dy.shape))),
    ),
    Mutant(
        "tokens of the last sequence dropped",
        "softmax_cross_entropy/sequences",
        after_vjp(lambda dparams, dx: (dparams, dx.at[-1].set(0))),
    ),
    Mutant("slope at a norm of 0", "cosine", residual(divided_by_a_norm_of_0)),
    Mutant("target pushed once, not per violation", "hinge", residual(target_gets_one_violation)),
    Mutant(
        "slope everywhere",
        "hinge/binary",
        with_vjp(
            lambda p, res, dy: ((), -(2.0 * cases.binary[:, None] - 1) * res[0][:, None] * dy)
        ),
    ),
)
