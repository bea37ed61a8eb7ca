"""The digits that come with scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fbp.config.schema import Digits
from fbp.data import DataError, load


def test_every_digit_is_in_exactly_one_split():
    data = load(Digits())
    splits = [data.train, data.validation, data.test]
    assert [len(split.inputs) for split in splits] == [1258, 180, 359]
    rows = np.concatenate([np.column_stack([s.inputs.reshape(-1, 64), s.targets]) for s in splits])
    bunch = load_digits()
    expected = np.column_stack([bunch.data / 16, bunch.target])
    np.testing.assert_array_equal(
        rows[np.lexsort(rows.T)], expected[np.lexsort(expected.T)].astype(np.float32)
    )


def test_inputs_are_ink_from_0_to_1():
    data = load(Digits())
    assert data.train.inputs.shape[1:] == (8, 8)
    assert data.train.inputs.dtype == np.float32
    assert data.train.targets.dtype == np.int32
    assert (data.train.inputs.min(), data.train.inputs.max()) == (0, 1)
    assert data.classes == tuple("0123456789")


def test_the_split_is_a_function_of_its_seed():
    first, again, other = (load(Digits(split_seed=seed)).test for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.targets, again.targets)
    assert (first.targets != other.targets).any()


def test_a_fraction_of_0_is_no_split():
    data = load(Digits(validation_fraction=0.0, test_fraction=0.0))
    assert data.validation is None
    assert data.test is None
    assert len(data.train.inputs) == 1797


def test_fractions_that_leave_nothing_to_train_on():
    with pytest.raises(DataError, match="train split of 1797 rows is empty"):
        load(Digits(validation_fraction=0.6, test_fraction=0.6))
