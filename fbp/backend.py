"""Choices that depend on the machine a program is compiled for, all in this place, by name.

A rule offers ways to compute the same thing and asks `by_backend` for one of them. What is not
known to be better on a kind of machine is left to `default`, which is what that machine's own
library does: an unknown backend gets it, too. The choice falls when a program is lowered, so that
one made here for another machine has what is right there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jax import lax


class Choice(NamedTuple):
    """The way's name by default, and on CPUs."""

    default: str
    cpu: str


# Where the input is larger than the output, the transpose of a convolution as a convolution works
# on zeros around the cotangent's entries, or between them; one matrix product and shifted sums do
# not. On two CPU cores the gradient of LeNet takes 0.9 of the time. cuDNN and TPUs have kernels
# that skip the zeros.
SPREAD_COTANGENT = Choice(default="convolution", cpu="products")

# dW = x^T dy. XLA's fastest products on CPUs read their left factor row by row; a turned copy of x
# costs less than leaving them where dy is wide (0.9 of the time for 2048 columns, 0.43 for 50257)
# or has few rows (0.95 of the step of a small net on 128 or fewer).
LEFT_FACTOR = Choice(default="as it lies", cpu="turned first")

# A loop over equal layers. XLA's CPU compiler gives convolutions inside a loop a plain loop nest
# instead of Eigen's: the gradient of ResNet-20 takes 4.2 s as loops, 0.18 s as straight code.
LOOP = Choice(default="loop", cpu="loop")
LOOP_OVER_CONVOLUTIONS = Choice(default="loop", cpu="straight code")


def by_backend(choice: Choice, ways: Mapping[str, Callable[..., Any]], *args: Any) -> Any:
    """What the chosen way returns for `args`."""
    if choice.cpu == choice.default:
        return ways[choice.default](*args)
    return lax.platform_dependent(*args, cpu=ways[choice.cpu], default=ways[choice.default])
