"""Group 1: both rules against autodiff of the same forward, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp

from fbp.proof.cases.case import Case
from fbp.proof.finding import Finding, compare
from fbp.proof.point import Point, at, examples, first_examples, rule_at
from fbp.proof.roundoff import rounding_bounds
from fbp.proof.rule import Rule, everything, program
from fbp.proof.sample import Sample
from fbp.proof.vectors import norm

BOUND = 1e-10  # of the largest entry of each leaf, in float64


def outputs(arrays) -> list[str]:
    """Names for what a function returns."""
    return ["y"] if len(arrays) == 1 else [f"y[{i}]" for i in range(len(arrays))]


def autodiff_in_float64(rule: Rule, s: Sample) -> Iterator[Finding]:
    """vjp and jvp, where autodiff does not go through them itself."""
    if s.dargs_by_autodiff:
        yield from compare("vjp = autodiff", rule.names, s.dargs, s.dargs_by_autodiff, BOUND)
    if s.tys_by_autodiff and rule.has_push:
        yield from compare("jvp = autodiff", outputs(s.ys), s.tys, s.tys_by_autodiff, BOUND)


def dual_is_forward_and_jvp(rule: Rule, s: Sample) -> Iterator[Finding]:
    """The one-sweep form gives the same values and tangents."""
    if rule.dual is not None:
        ys, tys = rule.dual(s.args, s.targs)
        yield from compare("dual value = forward", outputs(ys), ys, s.ys, BOUND)
        yield from compare("dual tangent = jvp", outputs(tys), tys, s.tys, BOUND)


def autodiff_in_low_precision(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """The rules in float32 and bfloat16 against float64 autodiff at the very same numbers.

    They may be off by what rounding explains for one example, and for sums over all in float32.
    """
    for name in case.low_precision:
        there = at(point, case.layer, jnp.dtype(name))
        low, one = (rule_at(case.layer, p) for p in (there, first_examples(there, 1)))
        ys, one_ys = (jax.eval_shape(r.value, r.args) for r in (low, one))
        targs = tuple(t.astype(a.dtype) for t, a in zip(s.targs, low.args, strict=True))
        dys = tuple(t.astype(y.dtype) for t, y in zip(s.dys, ys, strict=True))
        ys, tys, dargs = program(everything(low))(low.args, targs, dys)
        bounds = rounding_bounds(
            everything(one), one.args, one.args, one_ys, summed=examples(point)
        )
        n = len(ys)
        gain = norm(s.dargs_by_autodiff) / (norm(s.dys) or 1)  # a typical row of the Jacobian
        yield from compare(f"{name} forward", outputs(ys), ys, s.ys, bounds[:n])
        yield from compare(
            f"{name} jvp = autodiff", outputs(ys), tys, s.tys_by_autodiff, bounds[n : 2 * n], gain
        )
        yield from compare(
            f"{name} vjp = autodiff", rule.names, dargs, s.dargs_by_autodiff, bounds[2 * n :]
        )
