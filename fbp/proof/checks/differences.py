"""Group 4: both rules against the values of the function alone, in float64.

This is what sees a forward that is not the function autodiff differentiated (a stop_gradient, a
custom rule inside), and it needs no autodiff to be right.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jaxtyping
import numpy as np

from fbp.proof.checks.autodiff import outputs
from fbp.proof.diagnose import diagnose, place
from fbp.proof.finding import Finding, compare, measured
from fbp.proof.rule import Arrays, Rule
from fbp.proof.sample import Sample
from fbp.proof.vectors import inner, largest, magnitude, norm, only, relative, wide

STEP = 2.0**-14  # truncation is O(h^4) after extrapolation, round-off 2^-53 / h
BOUND = 1e-8
STEPS = tuple(2.0**-k for k in (13, 14, 15, 16))
ORDER_BAND = 0.25  # how far an observed order may lie from the expected one
COMPLEX_STEP = 1e-40
COMPLEX_BOUND = 1e-12


def moved(args: Arrays, targs: Arrays, h: float) -> Arrays:
    """args + h targs."""
    return tuple(np.asarray(a) + h * np.asarray(t) for a, t in zip(args, targs, strict=True))


def central_differences(rule: Rule, s: Sample) -> Iterator[Finding]:
    """jvp along t, and vjp along t restricted to each leaf, against extrapolated differences."""
    if rule.has_push:
        slopes, bound = _richardson(rule, s, s.targs)
        yield from compare("jvp = differences", outputs(s.ys), s.tys, slopes, bound)
    for i, name in enumerate(rule.names):
        targs = only(i, s.targs)
        slopes, bound = _richardson(rule, s, targs)
        pulled, measured_slope = inner(s.dargs, targs), inner(s.dys, slopes)
        size = max(magnitude(s.dargs, targs), magnitude(s.dys, slopes))
        error = relative(abs(pulled - measured_slope), size)
        detail = "" if error <= bound else _entry_by_entry(rule, s, i)
        yield measured("vjp = differences", name, error, bound, detail)


def _richardson(rule: Rule, s: Sample, targs: Arrays) -> tuple[Arrays, float]:
    """(4 D(h/2) - D(h)) / 3 with D(h) = (f(x + h t) - f(x - h t)) / 2h, and its own error.

    Source: Richardson 1911.
    """

    def central(h):
        above, below = (wide(rule.value(moved(s.args, targs, d))) for d in (h, -h))
        return [(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]

    pairs = zip(central(STEP / 2), central(STEP), strict=True)
    slopes = tuple((4 * fine - coarse) / 3 for fine, coarse in pairs)
    noise = 8 * np.finfo(float).eps * max(map(largest, wide(s.ys)), default=0.0) / STEP
    return slopes, BOUND + relative(noise, max(*map(largest, slopes), noise))


def _entry_by_entry(rule: Rule, s: Sample, i: int) -> str:
    """Where the gradient of leaf i is wrong, from one difference quotient an entry."""
    found = wide(s.dargs)[i]
    expected = np.empty_like(found)
    for index in np.ndindex(found.shape):
        entry = np.zeros_like(s.args[i])
        entry[index] = 1
        targs = tuple(entry if j == i else np.zeros_like(a) for j, a in enumerate(s.args))
        expected[index] = inner(s.dys, _richardson(rule, s, targs)[0])
    return f"{place(found, expected)}; {diagnose(found, expected)}"


def taylor_remainders(rule: Rule, s: Sample) -> Iterator[Finding]:
    """f(x + h t) - f(x) falls like h, and f(x + h t) - f(x) - h jvp(t) like h^2.

    Observed over four halvings; a remainder below round-off has nothing left to fall.
    """
    if not rule.has_push:
        return
    first, second = [], []
    for h in STEPS:
        there = wide(rule.value(moved(s.args, s.targs, h)))
        change = tuple(a - b for a, b in zip(there, wide(s.ys), strict=True))
        first.append(norm(change))
        second.append(norm(tuple(c - h * t for c, t in zip(change, wide(s.tys), strict=True))))
    noise = 64 * np.finfo(float).eps * max(norm(s.ys), norm(s.tys), 1.0)
    for order, remainders in ((1, first), (2, second)):
        if min(remainders) <= noise:
            continue
        observed = np.polyfit(np.log2(STEPS), np.log2(remainders), 1)[0]
        yield measured(
            f"Taylor order {order}",
            "all",
            max(0.0, order - observed),
            ORDER_BAND,
            f"observed order {observed:.2f}: the jvp is not this function's slope",
        )


def complex_step(rule: Rule, s: Sample) -> Iterator[Finding]:
    """Im f(x + i h t) / h, exact to round-off since nothing is subtracted.

    Source: Squire & Trapp 1998. Only for functions that take complex numbers.
    """
    args = tuple(a + 1j * COMPLEX_STEP * t for a, t in zip(s.args, s.targs, strict=True))
    with _annotations_ignored():
        slopes = tuple(np.imag(y) / COMPLEX_STEP for y in rule.value(args))
    yield from compare("jvp = complex step", outputs(s.ys), s.tys, slopes, COMPLEX_BOUND)


@contextmanager
def _annotations_ignored() -> Iterator[None]:
    """Rules are annotated for real numbers, and where that is checked, complex ones are refused."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)
