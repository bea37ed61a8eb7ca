"""Which net, of what size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged

Activation = Literal[
    "identity", "binary_step", "sigmoid", "tanh", "arctan", "relu", "leaky_relu", "prelu", "elu",
    "softplus", "gelu", "silu", "softmax",
]  # fmt: skip
Init = Literal[
    "zeros", "ones", "standard_normal", "small_normal", "scaled_normal", "lecun_normal",
    "he_normal", "glorot_uniform",
]  # fmt: skip
Save = Literal["all", "inputs", "every_k", "reversible"]


@dataclass(frozen=True)
class Mlp:
    """Fully connected; `output` is applied to the last layer's affine map."""

    name: Literal["mlp"] = "mlp"
    widths: tuple[int, ...] = ranged((64,), low=1)
    activation: Activation = "relu"
    output: Activation = "identity"
    dropout: float = ranged(0.0, low=0, high=0.99)
    weight_init: Init = "lecun_normal"
    bias_init: Init = "zeros"


@dataclass(frozen=True)
class Maxout:
    """Fully connected, each hidden unit the maximum of `pieces` affine maps."""

    name: Literal["maxout"] = "maxout"
    widths: tuple[int, ...] = ranged((32,), low=1)
    pieces: int = ranged(2, low=1, high=127)
    dropout: float = ranged(0.0, low=0, high=0.99)
    weight_init: Init = "lecun_normal"
    bias_init: Init = "zeros"


@dataclass(frozen=True)
class Lenet:
    """For each of `features` a square convolution, ReLU and 2x2 max-pooling; then two dense."""

    name: Literal["lenet"] = "lenet"
    features: tuple[int, ...] = ranged((20, 40), low=1)
    kernel: int = ranged(5, low=1)
    hidden: int = ranged(100, low=1)
    dropout: float = ranged(0.5, low=0, high=0.99)


@dataclass(frozen=True)
class Resnet:
    """A residual net; depth 20 is the one for 32x32 images, whose first stage has 16 features."""

    name: Literal["resnet"] = "resnet"
    depth: Literal[18, 20, 34, 50, 101, 152] = 20
    width: int = ranged(16, low=1)  # of the first stage; 64 for the others as published


@dataclass(frozen=True)
class CharLstm:
    """An embedding, LSTMs and a head, over the vocabulary and the length of the data."""

    name: Literal["char_lstm"] = "char_lstm"
    features: int = ranged(64, low=1)  # of the embedding
    hidden: int = ranged(256, low=1)
    layers: int = ranged(1, low=1)
    dropout: float = ranged(0.0, low=0, high=0.99)
    fused: bool = False  # head and loss as one rule: no logits in memory, and no accuracy


@dataclass(frozen=True)
class Gpt:
    """A pre-norm transformer over the vocabulary and the length of the data."""

    name: Literal["gpt"] = "gpt"
    depth: int = ranged(4, low=1)
    heads: int = ranged(4, low=1)
    features: int = ranged(128, low=1)
    rotary: bool = False  # places turn queries and keys; else a learned vector is added
    tied: bool = True  # the head is the embedding's table
    approximate_gelu: bool = True  # by tanh, as GPT-2; else by erf, as nanoGPT
    dropout: float = ranged(0.0, low=0, high=0.99)
    fused: bool = False  # as for char_lstm
    save: Save = "all"  # what blocks keep for the backward pass; reversible is another function
    every: int | None = ranged(None, low=1)  # so many blocks share one kept input under every_k


Model = Mlp | Maxout | Lenet | Resnet | CharLstm | Gpt
