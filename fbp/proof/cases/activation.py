"""Activations; where the slope jumps, with the slope their docstring promises there."""

from fbp.layers import (
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
from fbp.proof.cases.case import Case, normal

x = normal(4, 5, scale=2.0)
CASES = (
    Case("identity", identity(), x),
    Case("binary_step", binary_step(), x),
    Case("sigmoid", sigmoid(), x, holomorphic=True),
    Case("tanh", tanh(), x, holomorphic=True),
    Case("arctan", arctan(), x),
    Case("relu", relu(), x, kinks=((0.0, 0.0),)),
    Case("leaky_relu", leaky_relu(0.1), x, kinks=((0.0, 0.1),)),
    Case("elu", elu(0.7), x, kinks=((0.0, 0.7),)),
    Case("prelu", prelu(), normal(3, 2, 5)),
    Case("softplus", softplus(), x),
    Case("silu", silu(), x),
    Case("gelu/erf", gelu(), x),
    Case("gelu/tanh", gelu(approximate=True), x),
    Case("softmax", softmax(), normal(3, 2, 5)),
    Case("softmax/confident", softmax(), normal(4, 5, scale=10.0)),
)
