"""Gradient modes, one file each: one signature, chosen by name."""

from fbp.gradients.evaluation import Evaluation, GradFn, GradientError
from fbp.gradients.modes import MODES, gradient

__all__ = ["MODES", "Evaluation", "GradFn", "GradientError", "gradient"]
