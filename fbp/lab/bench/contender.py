"""One way to compute a case, ready to be checked and timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fbp.lab.cost import temp_bytes
from fbp.lab.timing import Clock
from fbp.layer import PyTree


class Contender(NamedTuple):
    """evaluate() -> (loss, gradient) at the case's point, in fbp's tree, for the check.

    clock times calls. compile_seconds and temp_bytes are of the compiled program, rss_bytes is the
    resident memory of the process, each None where it is not known.
    """

    evaluate: Callable[[], tuple[Any, PyTree]]
    clock: Clock
    compile_seconds: float | None = None
    temp_bytes: int | None = None
    rss_bytes: int | None = None


class Compiled(NamedTuple):
    """A program ahead of time: what it is called, and what compiling it took."""

    call: Callable[..., Any]
    seconds: float
    temp_bytes: int


def compiled(f: Callable[..., Any], *args: Any, donate: bool = False) -> Compiled:
    """f compiled for arguments like `args`; donate: its first argument's memory may be reused."""
    lowered = jax.jit(f, donate_argnums=(0,) if donate else ()).lower(*args)
    start = time.perf_counter()
    program = lowered.compile()
    return Compiled(program, time.perf_counter() - start, temp_bytes(program))


class Looped:
    """A clock of steps that hand their state on: step(state, batch) -> (state, result).

    The state is donated, as in training.
    """

    def __init__(self, step: Callable[..., Any], state: PyTree, batch: PyTree):
        self.step, self.batch = step, batch
        # A copy of its own: contenders start alike, and donation destroys what it takes.
        self.state = jax.tree.map(jnp.copy, state)

    def __call__(self, calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            self.state, result = self.step(self.state, self.batch)
        jax.block_until_ready((self.state, result))
        return (time.perf_counter() - start) / calls
