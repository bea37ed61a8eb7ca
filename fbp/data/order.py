"""The order of training examples: batch i of a run is a function of the seed and i, and of nothing
that came before, so that a resumed run needs no replay.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fbp.data.dataset import DataError


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """A uniformly random order of 0..n-1, int32 (n,), from a generator keyed by (seed, epoch).

    Source: Philox 4x64, Salmon et al. 2011, of which every key is a stream of its own.
    """
    return _generator(seed, epoch).permutation(np.arange(n, dtype=np.int32))


@lru_cache(maxsize=2)  # the epoch at hand, and its neighbour where a dispatch spans both
def epoch_order(seed: int, epoch: int, n: int, shuffle: bool, stride: int = 1) -> np.ndarray:
    """One epoch's order of examples, int32 (n // stride,), read-only.

    Every stride-th of 0..n-1: from one of the first `stride` on, drawn for the epoch, and shuffled;
    or always 0, stride, 2 stride, ...
    """
    order = stride * np.arange(n // stride, dtype=np.int32)
    if shuffle:
        generator = _generator(seed, epoch)
        order = generator.permutation(order) + generator.integers(stride, dtype=np.int32)
    order.flags.writeable = False
    return order


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Whole batches in n examples; the rest of an epoch's order, less than a batch, is dropped.

    Raises DataError if there is not one.
    """
    if batch_size > n:
        raise DataError(
            f"train.batch_size = {batch_size} is larger than the data: {n} training examples"
        )
    return n // batch_size


def batch_indices(
    seed: int, first_step: int, k: int, n: int, batch_size: int, shuffle: bool, stride: int = 1
) -> np.ndarray:
    """The examples of steps first_step..first_step+k-1, int32 (k, batch_size); stride as above.

    Raises DataError if a batch is larger than the data.
    """
    per_epoch = steps_per_epoch(n // stride, batch_size)
    indices = np.empty((k, batch_size), np.int32)
    done = 0
    while done < k:
        epoch, within = divmod(first_step + done, per_epoch)
        count = min(k - done, per_epoch - within)
        order = epoch_order(seed, epoch, n, shuffle, stride)
        rows = order[within * batch_size : (within + count) * batch_size]
        indices[done : done + count] = rows.reshape(count, batch_size)
        done += count
    return indices


def _generator(seed: int, epoch: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, epoch], np.uint64)))
