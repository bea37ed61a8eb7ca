"""Raw values become inputs in the same way at once and batch by batch."""

import numpy as np

from fbp.data.scaling import ScaledBytes, Scaling


def test_scaling_subtracts_then_divides():
    raw = np.array([[1.0, 10.0], [3.0, 30.0]])
    inputs = Scaling(np.array([1.0, 20.0]), np.array([2.0, 5.0])).apply(raw)
    assert inputs.dtype == np.float32
    np.testing.assert_array_equal(inputs, [[0, -2], [1, 2]])


def test_bytes_are_scaled_to_float32_precision():
    raw = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(
        Scaling(scale=255.0).apply(raw), np.float32(raw) / np.float32(255), strict=True
    )


def test_a_large_common_offset_does_not_cost_digits():
    raw = np.array([[1e9], [1e9 + 1]])
    np.testing.assert_array_equal(Scaling(offset=1e9).apply(raw), [[0], [1]])


def test_scaled_bytes_give_the_rows_of_the_scaled_array():
    raw = np.arange(60, dtype=np.uint8).reshape(5, 3, 4)
    scaling = Scaling(scale=256.0)
    whole, lazy = scaling.apply(raw), ScaledBytes(raw, scaling)
    assert (lazy.shape, lazy.ndim, lazy.dtype, lazy.nbytes, len(lazy)) == (
        whole.shape,
        whole.ndim,
        whole.dtype,
        whole.nbytes,
        len(whole),
    )
    rows = np.array([4, 0, 0])
    np.testing.assert_array_equal(lazy[rows], whole[rows], strict=True)
    np.testing.assert_array_equal(lazy.rows(1, 4)[:], whole[1:4], strict=True)
