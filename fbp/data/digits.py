"""scikit-learn's handwritten digits: real images that need no network."""

from __future__ import annotations

import numpy as np

from fbp.config.schema import Digits
from fbp.data.dataset import Dataset, Split, checked
from fbp.data.partition import partition
from fbp.data.scaling import Scaling


def load_digits(section: Digits) -> Dataset:
    """1797 digits of 43 writers, inputs (n, 8, 8), ink in [0, 1]. Raises DataError.

    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI 1998, test set.
    """
    from sklearn import datasets  # slow to import

    bunch = datasets.load_digits()
    scaling = Scaling(scale=16.0, white=16.0)
    inputs, targets = scaling.apply(bunch.images), bunch.target.astype(np.int32)
    rows = partition(
        len(inputs), section.validation_fraction, section.test_fraction, section.split_seed
    )
    train, validation, test = (None if r is None else Split(inputs[r], targets[r]) for r in rows)
    assert train is not None
    return checked(Dataset("digits", train, validation, test, tuple("0123456789"), scaling))
