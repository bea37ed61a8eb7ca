"""Which data, and how they are split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbp.config.sections.ranged import ranged
from fbp.config.sections.seed import MAX_SEED


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


Data = Digits | Mnist | Idx | Csv | Text
