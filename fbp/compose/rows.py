"""The loop over the rows of stacked arrays that every repetition is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from jax import lax

from fbp.backend import Choice, by_backend
from fbp.layer import PyTree


def scan_rows(
    f: Callable[[PyTree, PyTree], tuple[PyTree, PyTree]],
    init: PyTree,
    rows: PyTree,
    n: int,
    loop: Choice,
    *,
    reverse: bool = False,
) -> tuple[PyTree, PyTree]:
    """lax.scan of f over n rows, as a loop or as n copies of its body, as the backend has it."""
    scan = partial(lax.scan, f, length=n, reverse=reverse)
    ways = {"loop": scan, "straight code": partial(scan, unroll=n)}
    return by_backend(loop, ways, init, rows)
