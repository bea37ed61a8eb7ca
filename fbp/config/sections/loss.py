"""Which loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged


@dataclass(frozen=True)
class Quadratic:
    name: Literal["quadratic"] = "quadratic"


@dataclass(frozen=True)
class MeanSquared:
    name: Literal["mean_squared"] = "mean_squared"


@dataclass(frozen=True)
class BinaryCrossEntropy:
    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    name: Literal["softmax_cross_entropy"] = "softmax_cross_entropy"
    label_smoothing: float = ranged(0.0, low=0, high=0.99)
    ignored_label: int | None = None


@dataclass(frozen=True)
class Hinge:
    name: Literal["hinge"] = "hinge"
    margin: float = ranged(1.0, above=0)


LossConfig = Quadratic | MeanSquared | BinaryCrossEntropy | SoftmaxCrossEntropy | Hinge
