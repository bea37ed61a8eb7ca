"""Batch i is a function of the seed and i."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbp.data.dataset import DataError
from fbp.data.order import batch_indices, epoch_order, steps_per_epoch

seeds, epochs, sizes = st.integers(0, 2**63), st.integers(0, 2**40), st.integers(1, 50)


@given(seeds, epochs, sizes, st.booleans())
def test_an_epoch_has_every_example_once(seed, epoch, n, shuffle):
    order = epoch_order(seed, epoch, n, shuffle)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


@given(seeds, epochs, sizes, st.integers(1, 9))
def test_an_epoch_of_a_stride_has_evenly_spaced_examples_from_a_drawn_first(seed, epoch, n, stride):
    order = np.sort(epoch_order(seed, epoch, n, True, stride))
    assert len(order) == n // stride
    np.testing.assert_array_equal(np.diff(order), stride)
    assert not len(order) or (order[0] < stride and order[-1] < n)


def test_every_first_example_of_a_stride_comes_up():
    firsts = [epoch_order(0, epoch, 21, True, 7).min() for epoch in range(200)]
    assert set(firsts) == set(range(7))
    np.testing.assert_array_equal(epoch_order(0, 3, 21, False, 7), [0, 7, 14])


def test_without_shuffling_the_order_is_the_files():
    np.testing.assert_array_equal(epoch_order(3, 5, 7, False), np.arange(7))


def test_seeds_and_epochs_differ():
    orders = [epoch_order(s, e, 100, True) for s, e in ((0, 0), (0, 1), (1, 0), (1, 1))]
    assert len({order.tobytes() for order in orders}) == 4


def test_the_order_of_a_seed_never_changes():
    assert epoch_order(0, 0, 10, True).tolist() == [0, 7, 8, 6, 9, 5, 1, 3, 2, 4]


def test_first_places_are_uniform():
    # 2000 draws of 10 places: each count is within 5 standard errors of 200.
    firsts = [epoch_order(0, epoch, 10, True)[0] for epoch in range(2000)]
    counts = np.bincount(firsts, minlength=10)
    assert np.all(np.abs(counts - 200) < 5 * np.sqrt(2000 * 0.1 * 0.9))


@given(seeds, st.integers(0, 60), st.integers(1, 20), st.integers(0, 20), st.data())
def test_batches_do_not_depend_on_how_they_are_asked_for(seed, first, k, cut, data):
    n = data.draw(st.integers(1, 30))
    size = data.draw(st.integers(1, n))
    cut = min(cut, k)
    whole = batch_indices(seed, first, k, n, size, True)
    parts = [
        batch_indices(seed, first, cut, n, size, True),
        batch_indices(seed, first + cut, k - cut, n, size, True),
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts), strict=True)


@given(seeds, st.integers(1, 40), st.data())
def test_an_epochs_batches_are_its_order_less_the_ragged_rest(seed, n, data):
    size = data.draw(st.integers(1, n))
    per_epoch = steps_per_epoch(n, size)
    second = batch_indices(seed, per_epoch, per_epoch, n, size, True)
    np.testing.assert_array_equal(
        second.reshape(-1), epoch_order(seed, 1, n, True)[: per_epoch * size]
    )


def test_a_batch_larger_than_the_data():
    with pytest.raises(DataError, match=r"train.batch_size = 11 .* 10 training examples"):
        batch_indices(0, 0, 1, 10, 11, True)
