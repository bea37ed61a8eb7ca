"""From raw values to a network's inputs, at once or batch by batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Scaling(NamedTuple):
    """inputs = (raw - offset) / scale; offset and scale are numbers, or one a column.

    white: the raw value of a white pixel, for data sets of images.
    """

    offset: float | np.ndarray = 0.0
    scale: float | np.ndarray = 1.0
    white: float = 255.0

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """raw (n, ...) as float32 inputs of its shape; floats are rounded to float32 only then."""
        values = raw if raw.dtype.kind == "f" else raw.astype(np.float32)
        return ((values - self.offset) / self.scale).astype(np.float32, copy=False)


class ScaledBytes:
    """Bytes (n, ...), usually a memory-mapped file, that are scaled when rows are taken.

    Stands in for the float32 array of inputs where that would be too large; rows are taken by an
    index array or a slice and arrive as an ordinary float32 array.
    """

    def __init__(self, raw: np.ndarray, scaling: Scaling):
        self._raw = raw
        self._scaling = scaling
        self.shape = raw.shape
        self.ndim = raw.ndim
        self.dtype = np.dtype(np.float32)
        self.nbytes = raw.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, rows) -> np.ndarray:
        return self._scaling.apply(self._raw[rows])

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """All rows at once, for np.asarray."""
        return self[:]

    def rows(self, start: int, stop: int) -> ScaledBytes:
        """Rows start..stop-1, still in their file."""
        return ScaledBytes(self._raw[start:stop], self._scaling)
