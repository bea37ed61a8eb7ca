"""Parameters that a backward pass replaces by their successors, where they lie.

A vjp usually returns a gradient for every parameter array. For an array that is wrapped in
`InPlace` it returns the next InPlace instead, and combinators that scan over stacked parameters
write it over the row it came from, so that no second array of that size is ever needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from fbp.backend import LOOP, Choice
from fbp.compose.rows import scan_rows
from fbp.layer import PyTree


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["value", "slots", "finite"],
    meta_fields=["name"],
)
@dataclass(frozen=True)
class InPlace:
    """value: a parameter array. slots: what its optimizer keeps, arrays with the same rows.
    finite: whether its last gradient was, () or one a row. name: its field's."""

    value: jax.Array
    slots: tuple[jax.Array, ...]
    finite: jax.Array
    name: str


def is_in_place(node: PyTree) -> bool:
    """For `is_leaf`: InPlace counts as one leaf."""
    return isinstance(node, InPlace)


def has_in_place(params: PyTree) -> bool:
    """Whether any array in there is to be replaced."""
    return any(map(is_in_place, jax.tree.leaves(params, is_leaf=is_in_place)))


def values(params: PyTree) -> PyTree:
    """The parameters as they are without their slots."""
    return jax.tree.map(lambda a: a.value if is_in_place(a) else a, params, is_leaf=is_in_place)


def row(stack: PyTree, i: jax.Array | int) -> PyTree:
    """Row i of every array."""
    return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, i, keepdims=False), stack)


def write_row(stack: PyTree, i: jax.Array | int, new: PyTree) -> PyTree:
    """The stack with row i of every array replaced."""
    return jax.tree.map(lambda a, r: lax.dynamic_update_index_in_dim(a, r, i, 0), stack, new)


def pull_rows(
    pull_row: Callable[[PyTree, PyTree, PyTree], tuple[PyTree, PyTree]],
    carry: PyTree,
    params: PyTree,
    inputs: PyTree,
    n: int,
    loop: Choice = LOOP,
) -> tuple[PyTree, PyTree]:
    """(carry, dparams) of carry, dp = pull_row(carry, p, r) for the rows p, r of params and
    inputs, from row n - 1 to row 0. In-place parameters are rows of the loop's carry: as results
    of a scan they would be written beside the old ones.
    """
    if not has_in_place(params):
        rows = (params, inputs)
        return scan_rows(lambda c, r: pull_row(c, *r), carry, rows, n, loop, reverse=True)
    return update_rows(pull_row, carry, params, inputs, jnp.arange(n))


def update_rows(
    pull_row: Callable[[PyTree, PyTree, PyTree], tuple[PyTree, PyTree]],
    carry: PyTree,
    params: PyTree,
    inputs: PyTree,
    rows: jax.Array,
) -> tuple[PyTree, PyTree]:
    """(carry, params), in which dp has replaced the parameters, row by row, the last one first.

    A row is written one round late. In its own round the compiler would fuse reading the old row
    and writing the new one into several loops, and to keep them apart copy the stack, twice.
    """

    def one(carry, inputs):
        (carry, stack, late), (i, r) = carry, inputs
        stack = write_row(stack, i + 1, late)
        carry, new = pull_row(carry, row(stack, i), r)
        return (carry, stack, new), None

    above = row(params, rows[-1] + 1)  # clamped to the last row, and then written there as it is
    start = (carry, params, above)
    (carry, stack, late), _ = lax.scan(one, start, (rows, inputs), reverse=True)
    return carry, write_row(stack, rows[0], late)
