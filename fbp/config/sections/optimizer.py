"""Which optimizer: optax's names and arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged


@dataclass(frozen=True)
class Optimizer:
    """What every optimizer has. l2 is Nielsen's lambda: lambda / n times the weights is added to
    the gradient, n the number of training examples; biases and norms are left alone."""

    learning_rate: float = ranged(0.1, low=0)
    clip_norm: float | None = ranged(None, above=0)
    l2: float = ranged(0.0, low=0)


@dataclass(frozen=True)
class Sgd(Optimizer):
    name: Literal["sgd"] = "sgd"
    momentum: float | None = ranged(None, low=0, below=1)
    nesterov: bool = False


@dataclass(frozen=True)
class Adagrad(Optimizer):
    name: Literal["adagrad"] = "adagrad"
    initial_accumulator_value: float = ranged(0.1, low=0)
    eps: float = ranged(1e-7, low=0)


@dataclass(frozen=True)
class Rmsprop(Optimizer):
    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = ranged(1e-3, low=0)
    decay: float = ranged(0.9, low=0, below=1)
    eps: float = ranged(1e-8, low=0)


@dataclass(frozen=True)
class Adam(Optimizer):
    name: Literal["adam"] = "adam"
    learning_rate: float = ranged(1e-3, low=0)
    b1: float = ranged(0.9, low=0, below=1)
    b2: float = ranged(0.999, low=0, below=1)
    eps: float = ranged(1e-8, low=0)


@dataclass(frozen=True)
class AdamW(Adam):
    # Another tag than Adam's: variants are told apart by it, never used for one another.
    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]
    weight_decay: float = ranged(1e-2, low=0)  # decoupled; biases and norms are left alone


@dataclass(frozen=True)
class Lion(Optimizer):
    name: Literal["lion"] = "lion"
    learning_rate: float = ranged(1e-4, low=0)
    b1: float = ranged(0.9, low=0, below=1)
    b2: float = ranged(0.99, low=0, below=1)
    weight_decay: float = ranged(1e-3, low=0)  # decoupled; biases and norms are left alone


OptimizerConfig = Sgd | Adagrad | Rmsprop | Adam | AdamW | Lion
