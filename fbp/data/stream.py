"""Batches one at a time: for training data that stays in its file, and for evaluation."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from fbp.data.dataset import Split
from fbp.data.order import batch_indices, steps_per_epoch
from fbp.objective import Batch


def stream_batches(
    split: Split, seed: int, batch_size: int, shuffle: bool, first_step: int = 0, stride: int = 1
) -> Iterator[Batch]:
    """The batches of steps first_step, first_step + 1, ... without end, read ahead by threads.

    Batch i holds the examples that batch_indices names for step i, so a run is the same whether
    its data is in memory or not. Raises DataError if a batch is larger than the data.
    """
    import grain  # takes a second to import

    n = len(split.targets)
    # So that the error comes now, and not from a reading thread:
    steps_per_epoch(n // stride, batch_size)

    def batch(step: int) -> Batch:
        rows = batch_indices(seed, int(step), 1, n, batch_size, shuffle, stride)[0]
        return Batch(split.inputs[rows], split.targets[rows])

    reading = grain.ReadOptions(num_threads=2, prefetch_buffer_size=8)
    steps = grain.MapDataset.range(first_step, sys.maxsize)
    return iter(steps.map(batch).to_iter_dataset(reading))


def eval_batches(split: Split, batch_size: int) -> Iterator[Batch]:
    """Every example once, in order, in batches of one shape, with weights float32 (batch,).

    The last batch is filled up with copies of example 0 of weight 0; a split smaller than
    batch_size is one batch of its own size.
    """
    n = len(split.targets)
    size = min(batch_size, n)
    for start in range(0, n, size):
        rows = np.arange(start, start + size)
        weights = (rows < n).astype(np.float32)
        rows[rows >= n] = 0
        yield Batch(split.inputs[rows], split.targets[rows], weights)
