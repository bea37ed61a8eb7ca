"""Which mistake turns the expected array into the found one."""

from __future__ import annotations

import itertools

import numpy as np

CLOSE = 1e-2  # a guess is named if it leaves less than this share of the expected norm unexplained


def place(found: np.ndarray, expected: np.ndarray) -> str:
    """The worst index and both values there; or both shapes, where they differ."""
    if found.shape != expected.shape:
        return f"shape {list(found.shape)}, expected {list(expected.shape)}"
    if expected.size == 0:
        return "no entries"
    error = np.abs(found - expected)
    worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
    index = f"[{', '.join(map(str, worst))}]" if worst else "the scalar"
    return f"at {index} got {found[worst]:.8g}, expected {expected[worst]:.8g}"


def diagnose(found: np.ndarray, expected: np.ndarray) -> str:
    """The kind of mistake that fits: sign, factor, missing sum, transpose, ... in a few words."""
    if found.shape != expected.shape:
        return _wrong_shape(found, expected)
    if not np.all(np.isfinite(found)):
        bad = np.sum(~np.isfinite(found))
        return f"fits: {bad} of {found.size} entries are not finite"
    if not found.any():
        return "fits: the whole leaf is zero"
    for guess, candidate in _candidates(found, expected):
        if candidate.shape == found.shape and _explains(candidate, found, expected):
            return f"fits: {guess}"
    factor = np.vdot(expected, found) / (np.vdot(expected, expected) or 1.0)
    if _explains(factor * expected, found, expected):
        return f"fits: a constant factor {factor:.4g}"
    return _in_few_places(found, expected)


def _candidates(found, expected):
    """(guess, what the found array would be) in the order of how simple the mistake is."""
    yield "the sign is wrong", -expected
    if expected.ndim >= 2:
        for axes in itertools.permutations(range(expected.ndim)):
            if axes != tuple(range(expected.ndim)):
                yield f"a transpose {axes}", np.transpose(expected, axes)
                shape = expected.shape
                yield "a reshape for a transpose", np.transpose(expected, axes).reshape(shape)
    for axis in range(expected.ndim):
        yield f"axis {axis} is reversed", np.flip(expected, axis)
        total = np.broadcast_to(expected.sum(axis, keepdims=True), expected.shape)
        yield f"an extra sum over axis {axis}", total
        yield f"an extra mean over axis {axis}", total / (expected.shape[axis] or 1)


def _wrong_shape(found, expected) -> str:
    for axis in range(found.ndim):
        summed = found.sum(axis)
        if summed.shape == expected.shape and _explains(summed, expected, expected):
            return f"fits: a missing sum over axis {axis}"
        kept = found.sum(axis, keepdims=True)
        if kept.shape == expected.shape and _explains(kept, expected, expected):
            return f"fits: a missing sum over axis {axis}"
    if (
        found.ndim >= 2
        and found.T.shape == expected.shape
        and _explains(found.T, expected, expected)
    ):
        return "fits: a transpose"
    if found.size == expected.size and _explains(found.reshape(expected.shape), expected, expected):
        return "fits: a missing reshape"
    leading = found.ndim - expected.ndim
    if leading > 0 and found.shape[leading:] == expected.shape:
        return f"fits: a missing sum over the first {leading} axes"
    return "the shape itself is wrong"


def _in_few_places(found, expected) -> str:
    wrong = np.abs(found - expected) > CLOSE * (np.max(np.abs(expected)) or 1.0)
    count = int(wrong.sum())
    if count == 0 or count == wrong.size:
        return "no simple mistake fits; every entry differs" if count else "a small difference"
    for axis in range(wrong.ndim):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        lines = np.flatnonzero(wrong.any(axis=others))
        if lines.size < wrong.shape[axis] and lines.size <= 3:
            where = ", ".join(map(str, lines))
            return f"fits: only index {where} along axis {axis} is wrong"
    return f"fits: {count} of {wrong.size} entries are wrong, the others right"


def _explains(candidate, found, expected) -> bool:
    return bool(np.linalg.norm(candidate - found) <= CLOSE * CLOSE * np.linalg.norm(expected))
