"""The floor of a step: the matrix products and convolutions it cannot avoid, timed alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from fbp.lab.timing import interleaved

MOST_IN_A_SCAN, SCANNED_ENTRIES = 64, 2**20


class Product(NamedTuple):
    """A batch of matrix products: (batch, m, k) by (batch, k, n)."""

    batch: int
    m: int
    k: int
    n: int
    dtype: Any


class Convolution(NamedTuple):
    """A convolution as the program has it: its operands' shapes and its parameters."""

    lhs: tuple[int, ...]
    rhs: tuple[int, ...]
    dtype: Any
    params: tuple


def floor_seconds(f: Callable[..., Any], *args: Any) -> float:
    """Seconds that the products and convolutions in one call of f take, each timed alone.

    A product is timed with either factor stored either way round, and the fastest counts; as many
    times as it runs.
    """
    counts = Counter(_operations(jax.make_jaxpr(f)(*args).jaxpr))
    return sum(n * _fastest(operation) for operation, n in counts.items())


def _operations(jaxpr, times: int = 1) -> Iterator[Product | Convolution]:
    """Every product and convolution that runs, loops counted as often as they do."""
    for eqn in jaxpr.eqns:
        match eqn.primitive.name:
            case "dot_general":
                yield from [_product(eqn)] * times
            case "conv_general_dilated":
                yield from [_convolution(eqn)] * times
        inside = times * eqn.params["length"] if eqn.primitive.name == "scan" else times
        for inner in _inner(eqn):
            yield from _operations(inner, inside)


def _inner(eqn) -> Iterator[Any]:
    for value in eqn.params.values():
        for item in value if isinstance(value, (tuple, list)) else (value,):
            item = getattr(item, "jaxpr", item)
            if hasattr(item, "eqns"):
                yield item


def _product(eqn) -> Product:
    (lhs_in, _), (lhs_batch, _) = eqn.params["dimension_numbers"]
    a, b = (v.aval for v in eqn.invars)
    batch, k = 1, 1
    for axis in lhs_batch:
        batch *= a.shape[axis]
    for axis in lhs_in:
        k *= a.shape[axis]
    return Product(batch, a.size // (batch * k), k, b.size // (batch * k), a.dtype)


def _convolution(eqn) -> Convolution:
    a, b = (v.aval for v in eqn.invars)
    return Convolution(a.shape, b.shape, a.dtype, tuple(sorted(eqn.params.items())))


def _fastest(operation: Product | Convolution) -> float:
    """Seconds of one, the best way; small products in a scan, so that starting programs is no
    part. Not convolutions: on CPUs a loop would make them slow."""
    ways = list(_ways(operation))
    if isinstance(operation, Convolution):
        ((call, a, b),) = ways
        return interleaved({"it": partial(jax.jit(call), a, b)}, rounds=9)["it"].seconds
    _, a, b = ways[0]
    times = max(1, min(MOST_IN_A_SCAN, SCANNED_ENTRIES // (a.size + b.size)))
    programs = {}
    for i, (call, a, b) in enumerate(ways):
        many = jnp.broadcast_to(a, (times, *a.shape)).copy()
        programs[str(i)] = partial(jax.jit(partial(_each, call)), many, b)
    return min(t.seconds for t in interleaved(programs, rounds=9).values()) / times


def _each(call, many, b):
    return lax.map(lambda a: call(a, b), many)


def _ways(operation: Product | Convolution) -> Iterator[tuple[Callable, jax.Array, jax.Array]]:
    """Programs that compute the operation, with operands."""
    key = jax.random.key(0)
    if isinstance(operation, Convolution):
        a, b = (
            jax.random.normal(key, shape).astype(operation.dtype)
            for shape in (operation.lhs, operation.rhs)
        )
        params = dict(operation.params)
        yield lambda a, b: lax.conv_general_dilated_p.bind(a, b, **params), a, b
        return
    batch, m, k, n, dtype = operation
    for a_in, b_in in product((1, 2), repeat=2):  # the axis of each factor that is summed over
        a = jax.random.normal(key, (batch, k, m) if a_in == 1 else (batch, m, k)).astype(dtype)
        b = jax.random.normal(key, (batch, k, n) if b_in == 1 else (batch, n, k)).astype(dtype)
        numbers = (((a_in,), (b_in,)), ((0,), (0,)))

        def call(a, b, numbers=numbers):
            if batch == 1:
                (lhs, rhs), _ = numbers
                one = (((lhs[0] - 1,), (rhs[0] - 1,)), ((), ()))
                return lax.dot_general(a[0], b[0], one, preferred_element_type=jnp.float32)
            return lax.dot_general(a, b, numbers, preferred_element_type=jnp.float32)

        yield call, a, b
