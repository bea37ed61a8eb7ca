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
from fbp.layers.attention import attention
from fbp.layers.batch_norm import batch_norm
from fbp.layers.dense import dense
from fbp.layers.dropout import dropout
from fbp.layers.embedding import embedding, positions
from fbp.layers.flatten import flatten
from fbp.layers.maxout import maxout
from fbp.layers.norm import group_norm, layer_norm, rms_norm
from fbp.layers.rotary import rotary

__all__ = [
    "arctan",
    "attention",
    "batch_norm",
    "binary_step",
    "dense",
    "dropout",
    "elu",
    "embedding",
    "flatten",
    "gelu",
    "group_norm",
    "identity",
    "layer_norm",
    "leaky_relu",
    "maxout",
    "positions",
    "prelu",
    "relu",
    "rms_norm",
    "rotary",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
