"""Rows are divided into splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbp.data.dataset import DataError
from fbp.data.partition import partition


@given(st.integers(10, 200), st.floats(0.1, 0.4), st.floats(0.1, 0.4), st.integers(0, 9))
def test_every_row_is_in_exactly_one_part(n, validation, test, seed):
    parts = partition(n, validation, test, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    assert len(parts.validation) == round(validation * n)
    assert len(parts.test) == round(test * n)


@pytest.mark.parametrize(
    ("fractions", "part"), [((0.1, 0), "validation"), ((0, 0.1), "test"), ((0.5, 0.5), "train")]
)
def test_a_part_that_rounds_to_nothing_is_an_error(fractions, part):
    with pytest.raises(DataError, match=f"the {part} split of 4 rows is empty"):
        partition(4, *fractions, seed=0)


def test_rows_of_a_sorted_file_are_mixed():
    train = partition(100, 0.0, 0.5, seed=0).train
    assert 10 < (train < 50).sum() < 40
