"""Functional backprop: a JAX training framework whose backward pass is code you can read.

The public names are here; the parts that draw, read files or train import lazily, from their own
modules.
"""

from fbp.compose import in_dtype, parallel, remat, repeat, residual, serial
from fbp.errors import FbpError
from fbp.gradients import Evaluation, GradientError, gradient
from fbp.layer import Context, Layer, LayerError, elementwise, stateless
from fbp.objective import Batch, Objective, supervised

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "Context",
    "Evaluation",
    "FbpError",
    "GradientError",
    "Layer",
    "LayerError",
    "Objective",
    "elementwise",
    "gradient",
    "in_dtype",
    "parallel",
    "remat",
    "repeat",
    "residual",
    "serial",
    "stateless",
    "supervised",
]
