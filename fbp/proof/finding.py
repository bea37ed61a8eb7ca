"""What one check found in one place, and the comparison most checks are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fbp.proof.diagnose import diagnose, place
from fbp.proof.rule import Arrays
from fbp.proof.vectors import largest, wide


class Finding(NamedTuple):
    """error and bound are in the check's own units, most often relative to the leaf's largest
    entry. detail: for a failure, what a person needs to find the mistake."""

    check: str
    leaf: str
    error: float
    bound: float
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the error is within the bound; NaN is not."""
        return self.error <= self.bound

    @property
    def share(self) -> float:
        """error / bound: how close it is; a bound of 0 is met, 0, or not, infinity."""
        if self.passed:
            return self.error / self.bound if self.bound else 0.0
        return self.error / self.bound if self.bound and np.isfinite(self.error) else np.inf

    def __str__(self) -> str:
        return f"{self.check}, {self.leaf}: {self.detail or f'error {self.error:.1e}'}"


def compare(
    check: str,
    names: Iterable[str],
    found: Arrays,
    expected: Arrays,
    bound: float | Sequence[float],
    typical: float = 0.0,
) -> Iterator[Finding]:
    """One finding a leaf: the largest error relative to the leaf's largest expected entry.

    A leaf whose entries all cancel to round-off is measured by the largest of all leaves / 2^20,
    and a leaf of one number, which may cancel by chance, by a `typical` number if that is larger.
    """
    bounds = [bound] * len(expected) if isinstance(bound, float) else bound
    if len(found) != len(expected):
        detail = f"{len(found)} leaves, expected {len(expected)}"
        yield Finding(check, "all", np.inf, 0.0, detail)
        return
    everything = max((largest(e) for e in wide(expected)), default=0.0)
    for name, f, e, b in zip(names, wide(found), wide(expected), bounds, strict=True):
        if f.shape != e.shape:
            error = np.inf
        else:
            scale = max(largest(e), everything * 2.0**-20, typical if e.size == 1 else 0.0)
            difference = largest(f - e)
            error = difference / scale if scale and difference else difference
        detail = "" if error <= b else f"{place(f, e)}; {diagnose(f, e)}"
        yield Finding(check, name, error, b, detail)


def measured(check: str, leaf: str, error: float, bound: float, detail: str = "") -> Finding:
    """A finding whose detail is only for a failure."""
    return Finding(check, leaf, float(error), bound, "" if error <= bound else detail)
