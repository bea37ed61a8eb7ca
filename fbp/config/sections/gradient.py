"""Which gradient mode, with its options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged

Statistic = Literal["noise_scale", "per_example_norm"]


@dataclass(frozen=True)
class Backprop:
    """statistics: of single examples' gradients, as metrics. example_clip: the largest norm of one
    example's gradient; noise_multiplier: times example_clip / batch, the noise that makes it
    DP-SGD."""

    mode: Literal["backprop"] = "backprop"
    statistics: tuple[Statistic, ...] = ()
    example_clip: float | None = ranged(None, above=0)
    noise_multiplier: float = ranged(0.0, low=0)


@dataclass(frozen=True)
class Autodiff:
    mode: Literal["autodiff"] = "autodiff"


@dataclass(frozen=True)
class Forward:
    mode: Literal["forward"] = "forward"
    chunk: int = ranged(64, low=1)


@dataclass(frozen=True)
class ForwardAutodiff:
    mode: Literal["forward_autodiff"] = "forward_autodiff"
    chunk: int = ranged(64, low=1)


@dataclass(frozen=True)
class FiniteDifference:
    mode: Literal["finite_difference"] = "finite_difference"
    scheme: Literal["central", "one_sided"] = "central"
    step: float | None = ranged(None, above=0)
    chunk: int = ranged(64, low=1)


@dataclass(frozen=True)
class ForwardGradient:
    mode: Literal["forward_gradient"] = "forward_gradient"
    tangents: int = ranged(1, low=1)
    distribution: Literal["normal", "rademacher"] = "normal"
    chunk: int = ranged(64, low=1)


@dataclass(frozen=True)
class Spsa:
    mode: Literal["spsa"] = "spsa"
    draws: int = ranged(1, low=1)
    step: float = ranged(1e-3, above=0)
    chunk: int = ranged(64, low=1)


Gradient = (
    Backprop | Autodiff | Forward | ForwardAutodiff | FiniteDifference | ForwardGradient | Spsa
)
