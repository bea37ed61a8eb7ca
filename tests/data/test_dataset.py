"""Every data set is checked before it trains."""

import numpy as np
import pytest

from fbp.data.dataset import DataError, Dataset, Split, checked, fits_in_memory


def dataset(train: Split, classes=("a", "b")) -> Dataset:
    good = Split(np.ones((2, 3), np.float32), np.zeros(2, np.int32))
    return Dataset("toy", train, None, good, classes)


def test_a_good_data_set_passes_unchanged():
    good = dataset(Split(np.ones((2, 3), np.float32), np.array([0, 1], np.int32)))
    assert checked(good) is good


@pytest.mark.parametrize("target", [-1, 2])
def test_a_target_outside_the_classes_names_its_row(target):
    split = Split(np.ones((3, 3), np.float32), np.array([0, 1, target], np.int32))
    with pytest.raises(DataError, match=rf"toy, train split, row 2: target {target} .* 0..1"):
        checked(dataset(split))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_input_that_is_not_finite_names_its_row(value):
    inputs = np.ones((4, 2, 2), np.float32)
    inputs[2, 1, 0] = value
    with pytest.raises(DataError, match=f"train split, row 2: inputs hold {value}"):
        checked(dataset(Split(inputs, np.zeros(4, np.int32))))


def test_lengths_must_agree():
    with pytest.raises(DataError, match="3 inputs but 2 targets"):
        checked(dataset(Split(np.ones((3, 1), np.float32), np.zeros(2, np.int32))))


def test_a_split_must_not_be_empty():
    with pytest.raises(DataError, match="train split: empty"):
        checked(dataset(Split(np.ones((0, 1), np.float32), np.zeros(0, np.int32))))


def test_one_class_is_too_few():
    split = Split(np.ones((2, 1), np.float32), np.zeros(2, np.int32))
    with pytest.raises(DataError, match="toy: all targets are only"):
        checked(dataset(split, classes=("only",)))


def test_a_gibibyte_of_inputs_fits_and_no_more():
    row = np.broadcast_to(np.float32(0), (1, 2**28))
    assert fits_in_memory(Split(row, np.zeros(1, np.int32)))
    assert not fits_in_memory(Split(np.broadcast_to(row, (2, 2**28)), np.zeros(2, np.int32)))
