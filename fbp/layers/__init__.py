"""Layers, one concept a file; every one with a forward, a jvp and a vjp written by hand."""

from fbp.layers.activation import (
    arctan,
    binary_step,
    elu,
    gelu,
    identity,
    leaky_relu,
    prelu,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from fbp.layers.dense import dense
from fbp.layers.dropout import dropout
from fbp.layers.flatten import flatten
from fbp.layers.maxout import maxout

__all__ = [
    "arctan",
    "binary_step",
    "dense",
    "dropout",
    "elu",
    "flatten",
    "gelu",
    "identity",
    "leaky_relu",
    "maxout",
    "prelu",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
