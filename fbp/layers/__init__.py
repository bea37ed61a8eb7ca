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
from fbp.layers.avg_pool import avg_pool, global_avg_pool
from fbp.layers.batch_norm import batch_norm
from fbp.layers.conv import conv
from fbp.layers.conv_transpose import conv_transpose
from fbp.layers.dense import dense
from fbp.layers.dropout import drop_path, dropout
from fbp.layers.embedding import embedding, positions
from fbp.layers.flatten import flatten
from fbp.layers.glu import geglu, glu, swiglu
from fbp.layers.image import image
from fbp.layers.max_pool import max_pool
from fbp.layers.maxout import maxout
from fbp.layers.norm import group_norm, layer_norm, rms_norm
from fbp.layers.patches import class_token, first_token, patches
from fbp.layers.recurrent import gru, lstm, rnn
from fbp.layers.rotary import rotary

__all__ = [
    "arctan",
    "attention",
    "avg_pool",
    "batch_norm",
    "binary_step",
    "class_token",
    "conv",
    "conv_transpose",
    "dense",
    "drop_path",
    "dropout",
    "elu",
    "embedding",
    "first_token",
    "flatten",
    "geglu",
    "gelu",
    "global_avg_pool",
    "glu",
    "group_norm",
    "gru",
    "identity",
    "image",
    "layer_norm",
    "leaky_relu",
    "lstm",
    "max_pool",
    "maxout",
    "patches",
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
