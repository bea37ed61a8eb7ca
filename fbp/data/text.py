"""Text as a language model sees it: characters, each predicted from those before it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from fbp.config.schema import Text
from fbp.data.dataset import DataError, Dataset, Split
from fbp.data.location import locate
from fbp.data.windows import Windows


def load_text(section: Text) -> Dataset:
    """The file's characters as ids; its first part trains, the next validates, the last tests.

    inputs: int32 (n, length) ids. targets: the ids one place later. classes: the characters that
    occur, by code point. Training examples start anywhere, and an epoch visits every stride-th;
    the other splits are cut into examples that do not overlap, less than one being left out.
    Raises DataError for a file that is missing, not UTF-8, too short for a split that was asked
    for, or of a single character.
    """
    path = locate(section.path)
    text = read_text(path)
    # A character a number: NumPy sorts numbers faster than strings.
    codes = np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))
    known, ids = np.unique(codes, return_inverse=True)
    if len(known) < 2:
        raise DataError(f"{path}: {len(known)} different characters; a language needs two")
    tests, validations = (
        math.ceil(f * len(ids)) for f in (section.test_fraction, section.validation_fraction)
    )
    held_out = len(ids) - tests - validations
    train, validation, test = np.split(ids.astype(np.int32), [held_out, held_out + validations])
    length = section.length
    return Dataset(
        name="text",
        train=_split(path, "train", train, length, 1),
        validation=_split(path, "validation", validation, length, length) if validations else None,
        test=_split(path, "test", test, length, length) if tests else None,
        classes=tuple(map(chr, known)),
        train_stride=section.stride or length,
    )


def read_text(path: Path) -> str:
    """The characters of a UTF-8 file, line ends as they are. Raises DataError if it is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def _split(path: Path, part: str, ids: np.ndarray, length: int, stride: int) -> Split:
    if len(ids) <= length:
        raise DataError(
            f"{path}: the {part} split has {len(ids)} characters; one example of data.length = "
            f"{length} and its target need {length + 1}"
        )
    return Split(Windows(ids[:-1], length, stride), Windows(ids[1:], length, stride))
