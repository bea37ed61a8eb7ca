"""Every setting of a run with its default, in frozen dataclasses and nowhere else.

A section with variants (which data, which model, ...) is a union of dataclasses, told apart by
the Literal in their first field. Ranges stand in the field's metadata, so that one reader can
check them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Activation = Literal[
    "identity", "binary_step", "sigmoid", "tanh", "arctan", "relu", "leaky_relu", "prelu", "elu",
    "softplus", "gelu", "silu", "softmax",
]  # fmt: skip
Init = Literal[
    "zeros", "ones", "standard_normal", "small_normal", "scaled_normal", "lecun_normal",
    "he_normal", "glorot_uniform",
]  # fmt: skip
Statistic = Literal["noise_scale", "per_example_norm"]
DType = Literal["float32", "bfloat16", "float64"]
Save = Literal["all", "inputs", "every_k", "reversible"]
MAX_SEED = 2**32 - 1  # of a larger one, JAX's keys would keep 32 bits


def ranged(
    default: Any,
    *,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    below: float | None = None,
) -> Any:
    """A field whose value (or each of whose values) lies within bounds: `low` and `high` are
    allowed themselves, `above` and `below` are not."""
    bounds = {"low": low, "above": above, "high": high, "below": below}
    return field(default=default, metadata={k: v for k, v in bounds.items() if v is not None})


# --- data


@dataclass(frozen=True)
class Digits:
    """scikit-learn's 1797 handwritten digits, 8x8 pixels in [0, 1]; needs no network."""

    name: Literal["digits"] = "digits"
    validation_fraction: float = ranged(0.1, low=0, high=0.9)
    test_fraction: float = ranged(0.2, low=0, high=0.9)
    split_seed: int = ranged(0, low=0, high=MAX_SEED)


@dataclass(frozen=True)
class Mnist:
    """MNIST, checked against known checksums. Pixels are bytes / divisor."""

    name: Literal["mnist"] = "mnist"
    validation: int = ranged(10000, low=0)  # the last so many training images, as Nielsen's split
    divisor: float = ranged(255.0, above=0)


@dataclass(frozen=True)
class Idx:
    """Any data set in MNIST's format: a folder of four files, gzipped or not."""

    name: Literal["idx"] = "idx"
    folder: str = ""
    validation: int = ranged(0, low=0)
    divisor: float = ranged(255.0, above=0)


@dataclass(frozen=True)
class Csv:
    """A table of numbers with a class column; the separator and the header are detected."""

    name: Literal["csv"] = "csv"
    path: str = ""  # absolute, relative to the working folder, or to FBP_DATA
    label: str = "-1"  # the class column, by name or by number (negative: from the right)
    standardise: bool = True  # with the training split's mean and standard deviation only
    validation_fraction: float = ranged(0.0, low=0, high=0.9)
    test_fraction: float = ranged(0.3, low=0, high=0.9)
    split_seed: int = ranged(0, low=0, high=MAX_SEED)


@dataclass(frozen=True)
class Text:
    """The characters of a UTF-8 file, each predicted from those before it in its example."""

    name: Literal["text"] = "text"
    path: str = "text/tinyshakespeare.txt"  # absolute, or relative as data.path of csv
    length: int = ranged(64, low=1)  # characters an example
    stride: int | None = ranged(None, low=1)  # between an epoch's examples; None: length, all text
    validation_fraction: float = ranged(0.1, low=0, high=0.9)  # of the file, at its end
    test_fraction: float = ranged(0.0, low=0, high=0.9)  # of the file, behind validation


# --- model


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


# --- loss


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


# --- gradient mode


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


# --- optimizer: optax's names and arguments


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


# --- schedule: a factor on the learning rate, over optimizer steps


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


# --- training


@dataclass(frozen=True)
class Train:
    """How long, in what portions, in what precision."""

    epochs: int = ranged(10, low=1)
    batch_size: int = ranged(32, low=1)
    shuffle: bool = True  # a new order every epoch; False: the file's order, always
    accumulate: int = ranged(1, low=1)  # batches whose gradients are averaged before an update
    steps_per_dispatch: int | None = ranged(None, low=1)  # None: chosen from the model's cost
    in_memory: bool | None = None  # training data on the device; None: if it is below 1 GiB
    fuse_update: bool = False  # in the backward pass, layer by layer: the gradient is never whole
    average_decay: float | None = ranged(None, low=0, below=1)  # EMA of the parameters, evaluated
    patience: int | None = ranged(None, low=1)  # epochs without improvement before stopping
    monitor: Literal["accuracy", "loss"] = "accuracy"  # of the validation split
    param_dtype: DType = "float32"
    compute_dtype: DType = "float32"
    checkpoint_every: int = ranged(1, low=1)  # epochs
    keep_checkpoints: int = ranged(2, low=1)


Data = Digits | Mnist | Idx | Csv | Text
Model = Mlp | Maxout | Lenet | Resnet | CharLstm | Gpt
LossConfig = Quadratic | MeanSquared | BinaryCrossEntropy | SoftmaxCrossEntropy | Hinge
Gradient = (
    Backprop | Autodiff | Forward | ForwardAutodiff | FiniteDifference | ForwardGradient | Spsa
)
OptimizerConfig = Sgd | Adagrad | Rmsprop | Adam | AdamW | Lion
Schedule = Constant | Cosine | Exponential | Piecewise


@dataclass(frozen=True)
class Config:
    """A whole run. Nothing else decides what it computes."""

    seed: int = ranged(0, low=0, high=MAX_SEED)
    data: Data = Digits()
    model: Model = Mlp()
    loss: LossConfig = SoftmaxCrossEntropy()
    gradient: Gradient = Backprop()
    optimizer: OptimizerConfig = Sgd()
    schedule: Schedule = Constant()
    train: Train = Train()
