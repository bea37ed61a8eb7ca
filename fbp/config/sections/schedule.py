"""A factor on the learning rate, over the optimizer's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged


@dataclass(frozen=True)
class Constant:
    name: Literal["constant"] = "constant"


@dataclass(frozen=True)
class Cosine:
    """Linear from 0 over warmup_steps, then a half cosine down to `final` at the last step."""

    name: Literal["cosine"] = "cosine"
    warmup_steps: int = ranged(0, low=0)
    final: float = ranged(0.0, low=0, high=1)


@dataclass(frozen=True)
class Exponential:
    """rate ** (step / every)."""

    name: Literal["exponential"] = "exponential"
    rate: float = ranged(0.96, above=0, high=1)
    every: int = ranged(1000, low=1)


@dataclass(frozen=True)
class Piecewise:
    """Multiplied by factors[i] from step boundaries[i] on."""

    name: Literal["piecewise"] = "piecewise"
    boundaries: tuple[int, ...] = ranged((), low=1)
    factors: tuple[float, ...] = ranged((), low=0)


Schedule = Constant | Cosine | Exponential | Piecewise
