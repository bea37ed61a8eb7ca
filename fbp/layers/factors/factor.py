"""What every kind of factor answers, and the walk over examples in chunks.

A parameter's gradient is a sum over examples, dw = sum_i dw_i. The dw_i together are as large as
`batch` copies of the parameter; the arrays they are made of are no larger than activations. A
factor holds those arrays, and answers what can be asked about the dw_i without making them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Shaped

# Numbers that a chunk of examples may make at once, unless one example alone makes more.
CHUNK_NUMBERS = 2**20


@runtime_checkable
class Factor(Protocol):
    """dw_i for the examples i along the first axis; every answer in float32 or better."""

    def total(self) -> Array:
        """sum_i dw_i, of the parameter's shape."""

    def squared_norms(self) -> Float[Array, " batch"]:
        """|dw_i|^2 of each example."""

    def second_moment(self) -> Array:
        """sum_i dw_i^2, elementwise, of the parameter's shape."""


def factored(params: Any, *factors: Any) -> Any:
    """The NamedTuple that params is, with `factors` in place of its own arrays."""
    return type(params)(*factors)


def map_examples(
    f: Callable[..., Array], arrays: tuple[Array, ...], numbers: int
) -> Shaped[Array, "batch *rest"]:
    """f(*arrays), whose first axis is the examples, too, a chunk of examples at a time.

    numbers: how many f makes on the way for one example.
    """
    chunks = _chunks(arrays, numbers)
    if chunks is None:
        return f(*arrays)
    values = lax.map(lambda chunk: f(*chunk), chunks)
    return values.reshape(-1, *values.shape[2:])[: arrays[0].shape[0]]


def sum_examples(f: Callable[..., Array], arrays: tuple[Array, ...], numbers: int) -> Array:
    """f(*arrays), a sum over examples, a chunk of examples at a time. numbers: as map_examples.

    f of examples that are all zero must be zero: the last chunk is filled up with them.
    """
    chunks = _chunks(arrays, numbers)
    if chunks is None:
        return f(*arrays)
    total = jax.eval_shape(f, *(a[0] for a in chunks))
    zero = jnp.zeros(total.shape, total.dtype)
    return lax.scan(lambda total, chunk: (total + f(*chunk), None), zero, chunks)[0]


def by_places(x: Shaped[Array, "batch *places features"]) -> Shaped[Array, "batch n features"]:
    """All axes between the first and the last as one."""
    return x.reshape(x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1])


def wide(x: Array) -> Array:
    """x in float32 or better."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def einsum(subscripts: str, *operands: Array) -> Array:
    """jnp.einsum, accumulated and returned in float32 or better."""
    to = jnp.promote_types(operands[0].dtype, jnp.float32)
    return jnp.einsum(subscripts, *operands, preferred_element_type=to)


def _chunks(arrays: tuple[Array, ...], numbers: int) -> tuple[Array, ...] | None:
    """(chunks, examples of a chunk, ...) each, zeros at the end; None where one chunk is all."""
    batch = arrays[0].shape[0]
    size = max(1, CHUNK_NUMBERS // max(1, numbers))
    if size >= batch:
        return None
    count = math.ceil(batch / size)

    def split(a: Array) -> Array:
        a = jnp.pad(a, [(0, count * size - batch), *[(0, 0)] * (a.ndim - 1)])
        return a.reshape(count, size, *a.shape[1:])

    return tuple(split(a) for a in arrays)
