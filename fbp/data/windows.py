"""Windows of one long array, as if they were stacked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np


@partial(jax.tree_util.register_dataclass, data_fields=["tokens"], meta_fields=["length", "stride"])
@dataclass(frozen=True, eq=False)
class Windows:
    """Row i is tokens[i stride : i stride + length]; stands in for the array (n, length) of all.

    Only the tokens are held, and as a pytree they can be on the device: rows, taken by a slice or
    by an index array, are gathered where the tokens are.
    """

    tokens: Any
    length: int
    stride: int = 1

    def __len__(self) -> int:
        return max(0, (len(self.tokens) - self.length) // self.stride + 1)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self.length

    @property
    def ndim(self) -> int:
        return 2

    @property
    def dtype(self) -> np.dtype:
        return self.tokens.dtype

    @property
    def nbytes(self) -> int:
        return self.tokens.nbytes

    def __getitem__(self, rows):
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        return self.tokens[self.stride * rows[..., None] + np.arange(self.length)]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """All rows at once, for np.asarray."""
        return self[:]
