"""What a run knows besides its TrainState, and how steps and validations change it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fbp.statistics.metrics import of_means
from fbp.train.step import StepResult


class Tally(NamedTuple):
    """best: the monitored metric's best value so far, waited: validations since then.

    seconds: of training. metrics_bytes: length of metrics.jsonl. epoch_sums: of loss and metrics
    over the steps of an unfinished epoch, and their number.
    """

    best: float | None = None
    waited: int = 0
    seconds: float = 0.0
    metrics_bytes: int = 0
    epoch_sums: Mapping[str, float] = {}


def add_steps(tally: Tally, results: StepResult, count: int) -> Tally:
    """The tally after the first `count` of a dispatch's steps."""
    values = {"loss": results.loss, **results.metrics}
    added = {name: float(np.sum(v[:count], dtype=float)) for name, v in values.items()}
    added["steps"] = count
    sums = tally.epoch_sums
    return tally._replace(epoch_sums={name: sums.get(name, 0) + v for name, v in added.items()})


def means(tally: Tally) -> dict[str, float]:
    """Means of loss and metrics over the unfinished epoch's steps, and what follows from them."""
    sums = tally.epoch_sums
    found = {name: total / sums["steps"] for name, total in sums.items() if name != "steps"}
    return found | of_means(found)


def watch(tally: Tally, value: float, *, smaller_is_better: bool) -> Tally:
    """The tally after a validation: a new best value, or one more without."""
    best = tally.best
    if best is None or math.isnan(best) or (value < best if smaller_is_better else value > best):
        return tally._replace(best=value, waited=0)
    return tally._replace(waited=tally.waited + 1)


class Clock:
    """Seconds of a run over its resumptions, and its pace since the last `lap`."""

    def __init__(self, seconds_before: float):
        self._start = time.monotonic() - seconds_before
        self.lap(0)

    def seconds(self) -> float:
        return time.monotonic() - self._start

    def lap(self, step: int) -> None:
        self._lap_start, self._lap_step = time.monotonic(), step

    def steps_per_second(self, step: int) -> float:
        return (step - self._lap_step) / max(time.monotonic() - self._lap_start, 1e-9)
