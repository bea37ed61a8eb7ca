"""Tables with a class column."""

import numpy as np
import pytest

from fbp.config.schema import Csv
from fbp.data import DataError, load

TEXT = "length,kind,width\n" + "".join(f"{i},{'cab'[i % 3]},{100 - 3 * i}\n" for i in range(20))


@pytest.fixture
def csv_file(tmp_path):
    """From a text to the path of a file that holds it."""

    def write(text: str = TEXT) -> str:
        (tmp_path / "t.csv").write_text(text)
        return str(tmp_path / "t.csv")

    return write


@pytest.mark.parametrize("label", ["kind", "1", "-2"])
def test_the_class_column_by_name_and_by_number(csv_file, label):
    data = load(Csv(path=csv_file(), label=label, standardise=False))
    assert data.classes == ("a", "b", "c")
    for split in (data.train, data.test):
        length, width = split.inputs.T
        np.testing.assert_array_equal(width, 100 - 3 * length)
        np.testing.assert_array_equal(split.targets, (length.astype(int) - 1) % 3)
    assert (data.train.inputs.dtype, data.train.targets.dtype) == (np.float32, np.int32)
    assert len(data.test.targets) == 6
    assert data.validation is None


def test_only_the_training_rows_standardise(csv_file):
    raw = load(Csv(path=csv_file(), label="kind", standardise=False, validation_fraction=0.2))
    data = load(Csv(path=csv_file(), label="kind", validation_fraction=0.2))
    train = raw.train.inputs.astype(np.float64)
    for split, raw_split in zip(
        (data.train, data.validation, data.test), (raw.train, raw.validation, raw.test), strict=True
    ):
        expected = (raw_split.inputs - train.mean(0)) / train.std(0)
        np.testing.assert_allclose(split.inputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(data.scaling.apply(train), data.train.inputs)


def test_a_constant_column_is_only_centred(csv_file):
    data = load(Csv(path=csv_file("7,1,a\n7,2,b\n7,3,a\n7,4,b\n7,5,a\n")))
    np.testing.assert_array_equal(data.train.inputs[:, 0], 0)


def test_whole_numbers_sort_as_numbers(csv_file):
    text = "".join(f"{i},{kind}\n" for i, kind in enumerate(["10", "2", "1.0", "1"] * 3))
    data = load(Csv(path=csv_file(text)))
    assert data.classes == ("1", "2", "10")


@pytest.mark.parametrize(
    ("text", "label", "problem"),
    [
        (TEXT, "colour", "no column 'colour' .* length, kind, width"),
        ("1,2\n3,4\n", "kind", "no column 'kind' .* no header"),
        (TEXT, "3", r"data.label = 3, .* 3 columns: 0..2, or -3..-1"),
        ("a,a\n1,2\n", "a", "2 columns are called a"),
        ("a,b\n1,2.5\n", "b", r"line 2, column 1 \(b\): 2.5 is no class"),
        ("a,b\n1,x\n2,\n", "b", r"line 3, column 1 \(b\): no class"),
        ("a,b\n1,x\nnan,y\n", "b", r"line 3, column 0 \(a\): 'nan' is not a finite"),
        ("a\n1\n2\n", "a", "no column but the class"),
        ("a,b\n1,x\n2,x\n3,x\n4,x\n", "b", "all targets are x"),
        ("a,b\n1,x\n", "b", "split of 1 rows is empty"),
    ],
)
def test_what_cannot_be_trained_on(csv_file, text, label, problem):
    with pytest.raises(DataError, match=problem):
        load(Csv(path=csv_file(text), label=label))


def test_wheat_seeds_of_two_varieties(data_folder):
    data = load(Csv(path="seeds/wheat-seeds-binary.csv", label="Class"))
    assert data.classes == ("1", "2")
    assert (data.train.inputs.shape, data.test.inputs.shape) == ((98, 7), (42, 7))


def test_wheat_seeds_of_three_varieties(data_folder):
    data = load(Csv(path="seeds/seeds_dataset.txt", label="-1"))
    assert data.classes == ("1", "2", "3")
    assert (data.train.inputs.shape, data.test.inputs.shape) == ((147, 7), (63, 7))
    counts = np.bincount(np.concatenate([data.train.targets, data.test.targets]))
    np.testing.assert_array_equal(counts, [70, 70, 70])
