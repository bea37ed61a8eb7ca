"""Data in a file trains exactly as data in memory does; evaluation sees every example once."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbp.data.dataset import DataError, Split
from fbp.data.order import batch_indices
from fbp.data.scaling import ScaledBytes, Scaling
from fbp.data.stream import eval_batches, stream_batches

N, SIZE = 23, 4
RAW = np.random.default_rng(0).integers(0, 256, (N, 3, 2)).astype(np.uint8)
SCALING = Scaling(scale=256.0)
SPLIT = Split(SCALING.apply(RAW), np.arange(N, dtype=np.int32))


@pytest.fixture
def mapped(tmp_path) -> Split:
    """The same split, its inputs in a file."""
    RAW.tofile(tmp_path / "raw")
    raw = np.memmap(tmp_path / "raw", np.uint8, "r", shape=RAW.shape)
    return Split(ScaledBytes(raw, SCALING), SPLIT.targets)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("first_step", [0, 7])
def test_streamed_batches_are_the_gathered_ones_from_any_step(mapped, shuffle, first_step):
    count = 13  # more than two epochs
    rows = batch_indices(5, first_step, count, N, SIZE, shuffle)
    batches = list(islice(stream_batches(mapped, 5, SIZE, shuffle, first_step), count))
    assert len(batches) == count
    for batch, indices in zip(batches, rows, strict=True):
        np.testing.assert_array_equal(batch.inputs, SPLIT.inputs[indices], strict=True)
        np.testing.assert_array_equal(batch.targets, SPLIT.targets[indices], strict=True)
        assert batch.weights is None


def test_a_batch_larger_than_the_data_is_an_error_at_once():
    with pytest.raises(DataError, match="larger than the data"):
        stream_batches(SPLIT, 0, N + 1, True)


@given(st.integers(1, 60))
def test_evaluation_sees_every_example_once_in_one_shape(size):
    batches = list(eval_batches(SPLIT, size))
    assert {batch.inputs.shape for batch in batches} == {(min(size, N), 3, 2)}
    weights = np.concatenate([batch.weights for batch in batches])
    assert weights.dtype == np.float32
    assert set(weights) <= {0, 1}
    seen = np.concatenate([batch.targets for batch in batches])[weights == 1]
    np.testing.assert_array_equal(seen, np.arange(N))
    inputs = np.concatenate([batch.inputs for batch in batches])[weights == 1]
    np.testing.assert_array_equal(inputs, SPLIT.inputs)
