"""Convolutional nets without shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from fbp.compose import serial
from fbp.layer import Layer
from fbp.layers import conv, dense, dropout, flatten, image, max_pool, relu
from fbp.layers.initializers import he_normal


def lenet(
    outputs: int,
    *,
    features: Sequence[int] = (20, 40),
    kernel: int = 5,
    hidden: int = 100,
    dropout_rate: float = 0.5,
) -> Layer:
    """For each of `features`: a convolution with square kernels, ReLU, 2x2 max-pooling; then
    dense(hidden), ReLU, dropout, and dense(outputs).

    Takes (batch, height, width) or (batch, height, width, channels).
    Sources: LeCun et al. 1998; these sizes: Nielsen 2015, chapter 6.
    """
    layers = {"image": image()}
    for i, width in enumerate(features, start=1):
        layers[f"conv{i}"] = conv(width, (kernel, kernel), padding="VALID", weight_init=he_normal)
        layers[f"relu{i}"] = relu()
        layers[f"pool{i}"] = max_pool((2, 2))
    layers["flatten"] = flatten()
    layers["dense"] = dense(hidden, weight_init=he_normal)
    layers["relu"] = relu()
    if dropout_rate:
        layers["dropout"] = dropout(dropout_rate)
    layers["output"] = dense(outputs)
    return serial(**layers)
