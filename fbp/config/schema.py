"""Every setting of a run with its default, in frozen dataclasses and nowhere else.

A section with variants (which data, which model, ...) is a union of dataclasses, told apart by
the Literal in their first field. Ranges stand in the field's metadata, so that one reader can
check them all. Each section is a file of fbp/config/sections.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fbp.config.sections.data import (
    Csv,
    Data,
    Digits,
    Idx,
    Mnist,
    Text,
)
from fbp.config.sections.gradient import (
    Autodiff,
    Backprop,
    FiniteDifference,
    Forward,
    ForwardAutodiff,
    ForwardGradient,
    Gradient,
    Spsa,
    Statistic,
)
from fbp.config.sections.loss import (
    BinaryCrossEntropy,
    Hinge,
    LossConfig,
    MeanSquared,
    Quadratic,
    SoftmaxCrossEntropy,
)
from fbp.config.sections.model import (
    Activation,
    CharLstm,
    Gpt,
    Init,
    Lenet,
    Maxout,
    Mlp,
    Model,
    Resnet,
    Save,
)
from fbp.config.sections.optimizer import (
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Optimizer,
    OptimizerConfig,
    Rmsprop,
    Sgd,
)
from fbp.config.sections.ranged import ranged
from fbp.config.sections.schedule import (
    Constant,
    Cosine,
    Exponential,
    Piecewise,
    Schedule,
)
from fbp.config.sections.seed import MAX_SEED
from fbp.config.sections.train import (
    DType,
    Train,
)

__all__ = [
    "MAX_SEED",
    "Activation",
    "Adagrad",
    "Adam",
    "AdamW",
    "Autodiff",
    "Backprop",
    "BinaryCrossEntropy",
    "CharLstm",
    "Config",
    "Constant",
    "Cosine",
    "Csv",
    "DType",
    "Data",
    "Digits",
    "Exponential",
    "FiniteDifference",
    "Forward",
    "ForwardAutodiff",
    "ForwardGradient",
    "Gpt",
    "Gradient",
    "Hinge",
    "Idx",
    "Init",
    "Lenet",
    "Lion",
    "LossConfig",
    "Maxout",
    "MeanSquared",
    "Mlp",
    "Mnist",
    "Model",
    "Optimizer",
    "OptimizerConfig",
    "Piecewise",
    "Quadratic",
    "Resnet",
    "Rmsprop",
    "Save",
    "Schedule",
    "Sgd",
    "SoftmaxCrossEntropy",
    "Spsa",
    "Statistic",
    "Text",
    "Train",
    "ranged",
]


@dataclass(frozen=True)
class Config:
    """A whole run. Nothing else decides what it computes."""

    seed: int = ranged(0, low=0, high=MAX_SEED)
    data: Data = field(default=Digits())
    model: Model = field(default=Mlp())
    loss: LossConfig = field(default=SoftmaxCrossEntropy())
    gradient: Gradient = field(default=Backprop())
    optimizer: OptimizerConfig = field(default=Sgd())
    schedule: Schedule = field(default=Constant())
    train: Train = field(default=Train())
