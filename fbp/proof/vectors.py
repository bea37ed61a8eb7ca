"""Tuples of arrays as vectors: random ones, inner products, sizes of errors."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from fbp.proof.rule import Arrays


def random_like(seed: int, arrays: Arrays) -> Arrays:
    """N(0, 1) in every leaf, rounded to bfloat16, so that every dtype represents it exactly."""
    draws = np.random.default_rng(seed)
    return tuple(
        draws.standard_normal(a.shape).astype(jnp.bfloat16).astype(a.dtype) for a in arrays
    )


def wide(arrays: Arrays) -> list[np.ndarray]:
    """The same numbers in NumPy's float64."""
    return [np.asarray(a).astype(np.float64) for a in arrays]


def inner(a: Arrays, b: Arrays) -> float:
    """<a, b> over all leaves."""
    return float(sum(np.vdot(u, v) for u, v in zip(wide(a), wide(b), strict=True)))


def magnitude(a: Arrays, b: Arrays) -> float:
    """sum |a b| over all leaves: what <a, b> would be without cancellation."""
    return float(sum(np.vdot(abs(u), abs(v)) for u, v in zip(wide(a), wide(b), strict=True)))


def norm(a: Arrays) -> float:
    """The Euclidean norm over all leaves."""
    return inner(a, a) ** 0.5


def largest(a: np.ndarray) -> float:
    """The largest |entry|; 0 without entries."""
    return float(np.max(np.abs(a), initial=0.0))


def relative(error: float, scale: float) -> float:
    """error / scale, and 0 / 0 = 0."""
    return error if error == 0 or scale == 0 else error / scale


def only(i: int, arrays: Arrays) -> Arrays:
    """Array i, and zeros in place of the others."""
    return tuple(a if j == i else np.zeros_like(a) for j, a in enumerate(arrays))
