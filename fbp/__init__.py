"""Functional backprop: a JAX training framework whose backward pass is code you can read.

The public names are here, and are imported when they are first used: what needs none of them,
such as `fbp --help`, does not wait for JAX. The parts that draw, read files or train have their
own modules.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbp.compose import in_dtype, parallel, remat, repeat, residual, reversible, serial
    from fbp.errors import FbpError
    from fbp.gradients import Evaluation, GradientError, gradient
    from fbp.layer import Context, Layer, LayerError, elementwise, stateless
    from fbp.objective import Batch, Objective, supervised
    from fbp.proof.check import CheckError, check
    from fbp.transform import as_jax, as_jax_with_state

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "CheckError",
    "Context",
    "Evaluation",
    "FbpError",
    "GradientError",
    "Layer",
    "LayerError",
    "Objective",
    "as_jax",
    "as_jax_with_state",
    "check",
    "elementwise",
    "gradient",
    "in_dtype",
    "parallel",
    "remat",
    "repeat",
    "residual",
    "reversible",
    "serial",
    "stateless",
    "supervised",
]

_MODULES = {
    "fbp.compose": (
        "in_dtype",
        "parallel",
        "remat",
        "repeat",
        "residual",
        "reversible",
        "serial",
    ),
    "fbp.errors": ("FbpError",),
    "fbp.gradients": ("Evaluation", "GradientError", "gradient"),
    "fbp.layer": ("Context", "Layer", "LayerError", "elementwise", "stateless"),
    "fbp.objective": ("Batch", "Objective", "supervised"),
    "fbp.proof.check": ("CheckError", "check"),
    "fbp.transform": ("as_jax", "as_jax_with_state"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'fbp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
