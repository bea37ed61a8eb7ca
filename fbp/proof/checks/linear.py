"""Groups 2 and 3: both rules are one linear map and its transpose. No autodiff, no step size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fbp.proof.checks.autodiff import outputs
from fbp.proof.finding import Finding, compare, measured
from fbp.proof.rule import Rule
from fbp.proof.sample import Sample, directions
from fbp.proof.vectors import inner, largest, magnitude, only, relative, wide

BOUND = 1e-12  # relative to the sum of absolute values: float64 round-off of an inner product


def adjoint_identity(rule: Rule, s: Sample) -> Iterator[Finding]:
    """<dy, jvp(t)> = <vjp(dy), t>, for all leaves at once and for each leaf alone."""
    if not rule.has_push:
        return
    parts = [(name, only(i, s.targs)) for i, name in enumerate(rule.names)]
    for name, targs in [("all", s.targs), *(parts if len(parts) > 1 else [])]:
        tys = rule.push(s.args, targs)
        forward, backward = inner(s.dys, tys), inner(s.dargs, targs)
        size = max(magnitude(s.dys, tys), magnitude(s.dargs, targs))
        yield measured(
            "adjoint identity",
            name,
            relative(abs(forward - backward), size),
            BOUND,
            f"<dy, jvp(t)> = {forward:.10g} but <vjp(dy), t> = {backward:.10g}",
        )


def linearity(rule: Rule, s: Sample) -> Iterator[Finding]:
    """f(2 u - 3 v) = 2 f(u) - 3 f(v), and f(0) = 0, for both maps."""
    other_targs, other_dys = directions(s.args, s.ys, seed=1)
    if rule.has_push:
        yield from _linear("jvp", outputs(s.ys), rule.push, s.args, s.targs, other_targs)
    yield from _linear("vjp", rule.names, rule.pull, s.args, s.dys, other_dys)


def _linear(which, names, f, args, u, v) -> Iterator[Finding]:
    def combine(u, v):
        return tuple(2 * np.asarray(a) - 3 * np.asarray(b) for a, b in zip(u, v, strict=True))

    together, apart = f(args, combine(u, v)), combine(f(args, u), f(args, v))
    yield from compare(f"{which} is linear", names, together, apart, BOUND)
    nothing = wide(f(args, tuple(np.zeros_like(a) for a in u)))
    for name, out in zip(names, nothing, strict=True):
        yield measured(
            f"{which} of zero", name, largest(out), 0.0, f"{largest(out):.3g}, expected 0"
        )
