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
from fbp.layers.dropout import drop_path, dropout
from fbp.layers.embedding import embedding, positions
from fbp.layers.flatten import flatten
from fbp.layers.glu import geglu, glu, swiglu
from fbp.layers.maxout import maxout
from fbp.layers.norm import group_norm, layer_norm, rms_norm
from fbp.layers.recurrent import gru, lstm, rnn
from fbp.layers.rotary import rotary

__all__ = [
    "arctan",
    "attention",
    "batch_norm",
    "binary_step",
    "dense",
    "drop_path",
    "dropout",
    "elu",
    "embedding",
    "flatten",
    "geglu",
    "gelu",
    "glu",
    "group_norm",
    "gru",
    "identity",
    "layer_norm",
    "leaky_relu",
    "lstm",
    "maxout",
    "positions",
    "prelu",
    "relu",
    "rms_norm",
    "rnn",
    "rotary",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "swiglu",
    "tanh",
]
