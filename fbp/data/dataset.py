"""What training gets: examples in splits, the names of the classes, and no surprises inside."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fbp.data.scaling import Scaling
from fbp.errors import FbpError

IN_MEMORY_BYTES = 2**30  # what is larger stays in its file, and is read batch by batch


class DataError(FbpError):
    """Data that is missing, damaged, or not what the configuration says."""


class Split(NamedTuple):
    """inputs: float32 (n, ...), or a ScaledBytes of that shape. targets: int32 (n,), classes.

    Of text both are int32 (n, length), as Windows.
    """

    inputs: Any
    targets: Any


class Dataset(NamedTuple):
    """Splits, of which validation and test may be missing, and the classes' names in order.

    scaling: how raw values, as the data set's own files hold them, become inputs. train_stride: an
    epoch visits every so-manieth training example.
    """

    name: str
    train: Split
    validation: Split | None
    test: Split | None
    classes: tuple[str, ...]
    scaling: Scaling = Scaling()
    train_stride: int = 1


def fits_in_memory(split: Split) -> bool:
    """Whether the split's inputs, as float32, are small enough to live on the device."""
    return split.inputs.nbytes <= IN_MEMORY_BYTES


def checked(dataset: Dataset) -> Dataset:
    """The same data set, known to be trainable.

    Raises DataError for an empty split, fewer than two classes, inputs and targets of different
    length, a target outside the classes, and an input that is not finite, naming split and row.
    """
    name, classes = dataset.name, len(dataset.classes)
    for part in ("train", "validation", "test"):
        split = getattr(dataset, part)
        if split is not None:
            _check_split(f"{name}, {part} split", split, classes)
    if classes < 2:
        raise DataError(f"{name}: all targets are {dataset.classes[0]}; two classes are needed")
    return dataset


def _check_split(where: str, split: Split, classes: int) -> None:
    inputs, targets = split
    if len(inputs) != len(targets):
        raise DataError(f"{where}: {len(inputs)} inputs but {len(targets)} targets")
    if len(inputs) == 0:
        raise DataError(f"{where}: empty; change the fraction or the count that makes it")
    outside = np.flatnonzero((targets < 0) | (targets >= classes))
    if outside.size:
        row = outside[0]
        raise DataError(f"{where}, row {row}: target {targets[row]} is not in 0..{classes - 1}")
    if isinstance(inputs, np.ndarray):  # scaled bytes are finite as they are
        check_finite(where, inputs)


def check_finite(where: str, inputs: np.ndarray) -> None:
    """Raises DataError naming the first row of inputs (n, ...) with a NaN or an infinity."""
    finite = np.isfinite(inputs)
    if not finite.all():
        row = int(np.argwhere(~finite)[0, 0])
        value = inputs[row][~finite[row]][0]
        raise DataError(f"{where}, row {row}: inputs hold {value}; every value must be finite")
