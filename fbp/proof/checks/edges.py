"""Group 6: ties, saturation, subnormals, infinities, NaN, one example, no examples."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np

from fbp.proof.cases.case import Case
from fbp.proof.checks.autodiff import autodiff_in_float64, outputs
from fbp.proof.finding import Finding, compare, measured
from fbp.proof.point import Point, examples, first_examples, rule_at
from fbp.proof.rule import Arrays, Rule, autodiff, compiled, everything, program
from fbp.proof.sample import Sample, directions, sample
from fbp.proof.vectors import inner, largest, magnitude, norm, relative, wide

FILLED = (0.0, 1.0, 50.0, -50.0, 1e4, -1e4, 1e-310)  # ties, saturation, a subnormal
ADJOINT_BOUND = 1e-12  # times x^2, which is what an exponent may be rounded at
SAME = 1e-12  # one example's numbers, whatever the others are


def special_values(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """At inputs of one value everywhere: finite, and jvp and vjp are still transposes."""
    for value in FILLED:
        args = _with_x(rule, tuple(np.full_like(a, value) for a in _x(rule)))
        ys, tys, dargs = rule.value(args), rule.push(args, s.targs), rule.pull(args, s.dys)
        where = f"x = {value:g}"
        for which, arrays in (("forward", ys), ("jvp", tys), ("vjp", dargs)):
            bad = sum(int(np.sum(~np.isfinite(a))) for a in wide(arrays))
            yield measured(f"{which} is finite", where, bad, 0.0, f"{bad} entries are not finite")
        forward, backward = inner(s.dys, tys), inner(dargs, s.targs)
        ordinary = norm(s.dys) * norm(s.targs) / 1024  # a slope that is 0 up to round-off
        size = max(magnitude(s.dys, tys), magnitude(dargs, s.targs), ordinary)
        yield measured(
            "adjoint identity",
            where,
            relative(abs(forward - backward), size),
            ADJOINT_BOUND * max(1.0, value**2),
            f"<dy, jvp(t)> = {forward:.10g} but <vjp(dy), t> = {backward:.10g}",
        )


def not_finite_stays_alone(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """An infinity or a NaN in the first example leaves the others as they were."""
    if not _x(rule) or not independent(point, rule, s):
        return
    ordinary = _others(point, rule, s, 0.5)
    for value in (np.nan, np.inf, -np.inf):
        names = [f"other examples, {i}" for i in range(len(ordinary))]
        others = _others(point, rule, s, value)
        yield from compare(f"{value} stays alone", names, others, ordinary, SAME)


def few_examples(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """A batch of one is as right as any; a batch of none has gradients of zero."""
    if not examples(point):
        return
    one = rule_at(case.layer, first_examples(point, 1))
    apart = independent(point, rule, s)
    if apart and all(y.ndim and y.shape[0] == examples(point) for y in s.ys):
        yield from _one_of_many(rule, s, one)
    else:
        for finding in autodiff_in_float64(
            one._replace(dual=None), sample(compiled(one), autodiff(one))
        ):
            yield finding._replace(check=f"batch of one: {finding.check}")
    if not apart:
        return
    none = rule_at(case.layer, first_examples(point, 0))
    targs, dys = directions(none.args, jax.eval_shape(none.value, none.args))
    _, tys, dargs = program(everything(none))(none.args, targs, dys)
    for name, a in zip((*outputs(tys), *none.names), wide((*tys, *dargs)), strict=True):
        size = float("inf") if np.isnan(a).any() else largest(a)
        yield measured("empty batch", name, size, 0.0, "no examples, but the slope is not zero")


def _one_of_many(rule: Rule, s: Sample, one: Rule) -> Iterator[Finding]:
    """The first example alone, and among others that have no tangent and no cotangent."""

    def first(arrays):
        return tuple(np.asarray(a)[:1] for a in arrays)

    dys = tuple(_first_only(a) for a in s.dys)
    n_params = len(rule.args) - len(_x(rule))
    targs = s.targs[:n_params] + first(s.targs[n_params:])
    ys, tys, dargs = program(everything(one))(one.args, targs, first(dys))
    expected = rule.pull(s.args, dys)
    expected = (*expected[:n_params], *first(expected[n_params:]))
    names = outputs(ys)
    yield from compare("batch of one, forward", names, ys, first(rule.value(s.args)), SAME)
    yield from compare("batch of one, jvp", names, tys, first(rule.push(s.args, s.targs)), SAME)
    yield from compare("batch of one, vjp", rule.names, dargs, expected, SAME)


def _first_only(a: jax.Array) -> np.ndarray:
    """The first example as it is, the others 0."""
    alone = np.zeros_like(a)
    alone[0] = a[0]
    return alone


def independent(point: Point, rule: Rule, s: Sample) -> bool:
    """Whether examples have nothing to do with each other: the first leaves the others alone."""
    if not examples(point):
        return False
    ordinary, changed = (_others(point, rule, s, v) for v in (0.5, -0.25))
    return all(
        f.passed for f in compare("", map(str, range(len(ordinary))), changed, ordinary, SAME)
    )


def _others(point: Point, rule: Rule, s: Sample, first: float) -> Arrays:
    """What rules say of all examples but the first, whose input is `first` everywhere."""
    args = _with_x(rule, tuple(_with_first(a, first) for a in _x(rule)))
    ys = [y for y in rule.value(args) if y.ndim and y.shape[0] == examples(point)]
    return tuple(np.asarray(a)[1:] for a in (*ys, *_x(rule, rule.pull(args, s.dys))))


def _x(rule: Rule, arrays: Arrays | None = None) -> Arrays:
    """The leaves of the input among args, or among arrays like them."""
    chosen = rule.args if arrays is None else arrays
    return tuple(a for n, a in zip(rule.names, chosen, strict=True) if n.split("/")[0] == "x")


def _with_first(a: jax.Array, first: float) -> np.ndarray:
    """The first example `first` everywhere, the others as they are."""
    changed = np.array(a)
    changed[0] = first
    return changed


def _with_x(rule: Rule, x: Arrays) -> Arrays:
    """args with another input."""
    return rule.args[: len(rule.args) - len(x)] + x
