"""Each mistake is recognised from the two arrays alone."""

import numpy as np
import pytest

from fbp.proof.diagnose import diagnose, place

E = np.random.default_rng(0).standard_normal((3, 3, 4))


def one_wrong(index, value):
    a = E.copy()
    a[index] = value
    return a


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (-E, "the sign is wrong"),
        (0 * E, "the whole leaf is zero"),
        (1.01 * E, "a constant factor 1.01"),
        (E.swapaxes(0, 1), "a transpose (1, 0, 2)"),
        (E[::-1], "axis 0 is reversed"),
        (np.broadcast_to(E.sum(1, keepdims=True), E.shape), "an extra sum over axis 1"),
        (one_wrong((1, 2, 3), 0.0), "only index 1 along axis 0"),
        (one_wrong((1, 2, 3), np.nan), "1 of 36 entries are not finite"),
        (E**2, "no simple mistake fits"),
    ],
)
def test_same_shape(found, words):
    assert words in diagnose(found, E)


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        (E, E.sum(1), "a missing sum over axis 1"),
        (E[0].T, E[0], "a transpose"),
        (E.reshape(9, 4), E, "a missing reshape"),
        (E[0], E[1, :2], "the shape itself is wrong"),
    ],
)
def test_another_shape(found, expected, words):
    assert words in diagnose(found, expected)


def test_place_finds_the_worst_entry_and_nan_is_worst():
    assert place(one_wrong((1, 2, 3), 9.0), E).startswith("at [1, 2, 3] got 9, expected ")
    assert place(one_wrong((0, 2, 1), np.nan), 2 * E).startswith("at [0, 2, 1] got nan")
    assert place(np.float64(1), np.float64(2)) == "at the scalar got 1, expected 2"
    assert place(E[0], E) == "shape [3, 4], expected [3, 3, 4]"
