"""Which rows of a data set without splits of its own train, validate and test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fbp.data.dataset import DataError
from fbp.data.order import permutation


class Partition(NamedTuple):
    """Row numbers, int32, each row in exactly one part. None: a fraction of 0 was asked for."""

    train: np.ndarray
    validation: np.ndarray | None
    test: np.ndarray | None


def partition(n: int, validation_fraction: float, test_fraction: float, seed: int) -> Partition:
    """n rows in an order drawn from `seed`: the test rows, the validation rows, and the rest.

    Each fraction is of all n, rounded to a whole number of rows. Raises DataError where a part
    that was asked for, or the training part, comes out empty.
    """
    order = permutation(seed, 0, n)
    tests, validations = round(test_fraction * n), round(validation_fraction * n)
    test, validation, train = np.split(order, [tests, tests + validations])
    for part, rows, asked in (
        ("train", train, True),
        ("validation", validation, validation_fraction > 0),
        ("test", test, test_fraction > 0),
    ):
        if asked and not rows.size:
            raise DataError(
                f"the {part} split of {n} rows is empty with data.validation_fraction ="
                f" {validation_fraction} and data.test_fraction = {test_fraction}"
            )
    return Partition(
        train, validation if validation_fraction else None, test if test_fraction else None
    )
