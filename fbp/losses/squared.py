"""Squared errors: Nielsen's quadratic cost, and the mean over all outputs."""

from __future__ import annotations

import jax.numpy as jnp

from fbp.losses.loss import Loss, Reduction, argmax, dense_targets, per_example


def squared_forward(outputs, targets, scale: float):
    """l = scale sum_j (a_j - y_j)^2. outputs: (..., features) -> losses: (...). Residual: a - y."""
    error = outputs - dense_targets(targets, outputs)
    return scale * jnp.sum(error * error, axis=-1), error


def squared_jvp(error, toutputs, scale: float):
    """tl = 2 scale <a - y, ta>."""
    return 2 * scale * jnp.sum(error * toutputs, axis=-1)


def squared_vjp(error, dlosses, scale: float):
    """da = 2 scale (a - y) dl."""
    return 2 * scale * error * dlosses[..., None]


def quadratic(reduction: Reduction = "mean") -> Loss:
    """C = 1/(2n) sum_x |y(x) - a|^2. Source: Nielsen 2015, chapter 2, eq. 26.

    Targets: values like the outputs, or labels, which become one-hot (0 or 1 for one output).
    """
    return _squared("quadratic", reduction, lambda features: 0.5)


def mean_squared(reduction: Reduction = "mean") -> Loss:
    """The squared error, averaged over the outputs of an example too. Targets as for quadratic."""
    return _squared("mean_squared", reduction, lambda features: 1 / features)


def _squared(name, reduction, scale):
    return per_example(
        name,
        reduction,
        lambda outputs, targets: squared_forward(outputs, targets, scale(outputs.shape[-1])),
        lambda error, toutputs: squared_jvp(error, toutputs, scale(error.shape[-1])),
        lambda error, dlosses: squared_vjp(error, dlosses, scale(error.shape[-1])),
        classes=lambda outputs: (
            (outputs[..., 0] > 0.5).astype(int) if outputs.shape[-1] == 1 else argmax(outputs)
        ),
        probabilities=None,
    )
