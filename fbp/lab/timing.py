"""Timing programs against each other, so that what else the machine does hits all alike.

Programs are run in turn, in another order every round: one that always followed the same other
would be timed with what that leaves behind. After a program with 0.8 GB of temporary memory, the
next needed 1.13 of its time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

SAMPLE_SECONDS = 2e-3  # a shorter sample measures the clock and the dispatch
ENOUGH_SECONDS = 0.2  # rounds go on so long, to outlast what else the machine does for a moment

Clock = Callable[[int], float]  # runs a program so many times in a row: seconds a call


class Timing(NamedTuple):
    """seconds: median of one call. ratio: median over rounds of the time over the first program's
    in the same round, with its quartiles `low` and `high`."""

    seconds: float
    ratio: float
    low: float
    high: float


def interleaved(programs: Mapping[str, Callable[[], Any]], rounds: int = 7) -> dict[str, Timing]:
    """Timings of every program, run in turn, the first being the unit.

    A call is over when its result is ready. See interleaved_clocks.
    """
    return interleaved_clocks({n: partial(clock, p) for n, p in programs.items()}, rounds)


def interleaved_clocks(clocks: Mapping[str, Clock], rounds: int = 7) -> dict[str, Timing]:
    """`interleaved` for programs that are timed elsewhere, such as in another process.

    Each runs twice before: to warm up, and to find how many calls fill a sample of 2 ms. There are
    `rounds` rounds, or more where they are short.
    """
    calls, round_seconds = {}, 0.0
    for name, seconds in clocks.items():
        seconds(1)
        once = seconds(1)
        calls[name] = max(1, math.ceil(SAMPLE_SECONDS / once))
        round_seconds += once * calls[name]
    samples = np.empty((max(rounds, round(ENOUGH_SECONDS / round_seconds)), len(clocks)))
    names, orders = list(clocks), np.random.default_rng(0)
    for turn in samples:
        for i in orders.permutation(len(names)):
            turn[i] = clocks[names[i]](calls[names[i]])
    low, middle, high = np.quantile(samples / samples[:, :1], [0.25, 0.5, 0.75], axis=0)
    medians = np.median(samples, axis=0)
    return {
        name: Timing(float(medians[i]), float(middle[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(clocks)
    }


def clock(program: Callable[[], Any], calls: int) -> float:
    """Seconds a call, over `calls` calls one after the other."""
    start = time.perf_counter()
    for _ in range(calls):
        jax.block_until_ready(program())
    return (time.perf_counter() - start) / calls
