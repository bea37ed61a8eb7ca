"""Fully connected nets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fbp.compose import serial
from fbp.layer import Layer
from fbp.layers import dense, dropout, flatten, identity, maxout, relu
from fbp.layers.initializers import Initializer, lecun_normal, zeros


def mlp(
    widths: Sequence[int],
    outputs: int,
    *,
    activation: Callable[[], Layer] = relu,
    output: Callable[[], Layer] = identity,
    dropout_rate: float = 0.0,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """flatten, then dense and `activation` for each width, then dense to `outputs` and `output`."""
    layers = {"flatten": flatten()}
    for i, width in enumerate(widths, start=1):
        layers[f"dense{i}"] = dense(width, weight_init=weight_init, bias_init=bias_init)
        layers[f"activation{i}"] = activation()
        if dropout_rate:
            layers[f"dropout{i}"] = dropout(dropout_rate)
    layers["output"] = dense(outputs, weight_init=weight_init, bias_init=bias_init)
    if output is not identity:
        layers["output_activation"] = output()
    return serial(**layers)


def maxout_net(
    widths: Sequence[int],
    outputs: int,
    *,
    pieces: int = 2,
    dropout_rate: float = 0.0,
    weight_init: Initializer = lecun_normal,
    bias_init: Initializer = zeros,
) -> Layer:
    """flatten, then a maxout layer for each width, then dense to `outputs`."""
    layers = {"flatten": flatten()}
    for i, width in enumerate(widths, start=1):
        layers[f"maxout{i}"] = maxout(width, pieces, weight_init=weight_init, bias_init=bias_init)
        if dropout_rate:
            layers[f"dropout{i}"] = dropout(dropout_rate)
    layers["output"] = dense(outputs, weight_init=weight_init, bias_init=bias_init)
    return serial(**layers)
