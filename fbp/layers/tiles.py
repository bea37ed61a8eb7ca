"""The tiles of the (queries, keys) matrix of scores, and what is cut to fit them."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array


class AttendOptions(NamedTuple):
    """causal: query i sees keys j <= i. window: of those only j > i - window.

    soft_cap: scores become cap tanh(s / cap), before the mask. block: the most
    queries, and keys, of a tile.
    """

    causal: bool = False
    window: int | None = None
    soft_cap: float | None = None
    block: int = 256


class Grid(NamedTuple):
    """The tiles. starts: (tiles, 2), the first query and the first key of each tile in which
    something is visible. rows, columns: a tile's size; the last tiles may reach beyond the end."""

    starts: np.ndarray
    rows: int
    columns: int
    queries: int
    keys: int


def grid(queries: int, keys: int, options: AttendOptions) -> Grid:
    """Tiles of equal size, at most block x block, that cover what causality and window let see."""

    def side(length: int) -> int:
        return max(1, math.ceil(length / max(1, math.ceil(length / options.block))))

    def seen(i: int, j: int) -> bool:
        """Whether the tile's last query sees its first key, and its first query its last key."""
        ahead = options.causal and j > i + rows - 1
        behind = options.window is not None and j + columns - 1 <= i - options.window
        return not ahead and not behind

    rows, columns = side(queries), side(keys)
    corners = [(i, j) for i in range(0, queries, rows) for j in range(0, keys, columns)]
    starts = np.array([corner for corner in corners if seen(*corner)], np.int32).reshape(-1, 2)
    return Grid(starts, rows, columns, queries, keys)


def pad(a: Array, length: int, side: int) -> Array:
    """a with zeros behind its second to last axis, up to a multiple of `side`."""
    beyond = max(side, math.ceil(length / side) * side) - length
    return jnp.pad(a, [(0, 0)] * (a.ndim - 2) + [(0, beyond), (0, 0)]) if beyond else a


def cut(a: Array, start, size: int) -> Array:
    """`size` places of the second to last axis, from `start` on."""
    return lax.dynamic_slice_in_dim(a, start, size, axis=-2)


def put(a: Array, part: Array, start) -> Array:
    """a with `part` in those places."""
    return lax.dynamic_update_slice_in_dim(a, part, start, axis=-2)


def add(a: Array, part: Array, start) -> Array:
    """a with `part` added there."""
    return put(a, cut(a, start, part.shape[-2]) + part, start)
