"""What a jitted function costs, read from its compiled program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from fbp.lab.hlo import count_flops

FLOPS_LIMIT = 10**10  # about a second of one or two cores: what is dearer is not run in full


class Program(NamedTuple):
    """A compiled function. flops: floating-point operations of one call. temp_bytes: memory it
    needs besides its arguments and results."""

    call: Callable[..., Any]
    flops: int
    temp_bytes: int


def compile_program(f: Callable[..., Any], *args: Any) -> Program:
    """f compiled for arguments like `args` (arrays or ShapeDtypeStructs), with its cost.

    Everything that f reads must be an argument: what it closes over is folded away and counts as
    free. FLOPs are those of the program compiled for the CPU, where matmuls stay visible in the
    HLO; elsewhere they vanish in calls to vendor libraries.
    """
    compiled = jax.jit(f).lower(*args).compile()
    on_cpu = jax.default_backend() == "cpu"
    count = count_flops(compiled.as_text() or "") if on_cpu else flops(f, *args)
    return Program(compiled, count, temp_bytes(compiled))


def flops(f: Callable[..., Any], *args: Any) -> int:
    """FLOPs of one call of f, loops counted as often as they run. See `compile_program`."""
    specs = jax.eval_shape(lambda *a: a, *args)
    with jax.default_device(jax.local_devices(backend="cpu")[0]):
        return count_flops(jax.jit(f).lower(*specs).compile().as_text() or "")


def temp_bytes(compiled: jax.stages.Compiled) -> int:
    """The temporary memory of a compiled program."""
    stats = compiled.memory_analysis()
    assert stats is not None, "this backend does not say how much memory a program needs"
    return stats.temp_size_in_bytes
