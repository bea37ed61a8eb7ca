"""Losses, each with its value, jvp and vjp written by hand."""

from fbp.losses.cross_entropy import binary_cross_entropy, softmax_cross_entropy
from fbp.losses.divergence import kl_divergence
from fbp.losses.hinge import hinge
from fbp.losses.huber import huber
from fbp.losses.loss import Loss
from fbp.losses.similarity import cosine, info_nce
from fbp.losses.squared import mean_squared, quadratic

__all__ = [
    "Loss",
    "binary_cross_entropy",
    "cosine",
    "hinge",
    "huber",
    "info_nce",
    "kl_divergence",
    "mean_squared",
    "quadratic",
    "softmax_cross_entropy",
]
