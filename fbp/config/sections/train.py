"""How a run goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged

DType = Literal["float32", "bfloat16", "float64"]


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
