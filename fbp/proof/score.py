"""The mutation score: how many planted mistakes the proof catches, and how many others do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.proof.cases.case import Case
from fbp.proof.checks import RULE_CHECKS
from fbp.proof.mutants.generic import generic_mutants
from fbp.proof.mutants.mutant import Mutant, Which
from fbp.proof.peers import check_grads_passes, chex_passes
from fbp.proof.point import Point, at, draw, rule_at
from fbp.proof.prove import findings
from fbp.proof.rule import Rule, autodiff, compiled
from fbp.proof.sample import Sample, sample


class Verdict(NamedTuple):
    """What became of one rule: `mistake` is None for the right one, which has to pass.

    killed_by: the first check that failed, None if none did. check_grads, chex: whether they
    reject it.
    """

    case: str
    mistake: str | None
    killed_by: str | None
    check_grads: bool
    chex: bool


def verdicts_on_case(case: Case, mutants: Iterable[Mutant]) -> Iterator[Verdict]:
    """The right rules of a case, then every generic mistake in them, then `mutants`."""
    with jax.enable_x64(True):
        point = draw(case)
        plain = rule_at(case.layer, point)
        rule, low = compiled(plain), _in_float32(case, point)
        s = sample(rule, autodiff(plain))
        yield Verdict(case.name, None, None, *_rejected(low, "vjp"))
        yield Verdict(case.name, None, None, *_rejected(low, "jvp"))
        for mistake, which, plant in generic_mutants(rule, s):
            killed_by = _killed_by(plant(rule), s)
            yield Verdict(case.name, mistake, killed_by, *_rejected(plant(low), which))
        for mutant in mutants:
            wrong = case._replace(layer=mutant.change(case.layer))
            killed_by = next((f.check for f in findings(wrong) if not f.passed), None)
            rejected = _rejected(_in_float32(wrong, point), mutant.rule)
            yield Verdict(case.name, mutant.name, killed_by, *rejected)


def _in_float32(case: Case, point: Point) -> Rule:
    return compiled(rule_at(case.layer, at(point, case.layer, jnp.dtype(jnp.float32))))


def _killed_by(rule: Rule, right: Sample) -> str | None:
    """The first check that a mutated rule fails at the point of the right one."""
    s = right._replace(
        tys=rule.push(rule.args, right.targs),
        dargs=rule.pull(rule.args, right.dys),
    )
    failed = (f.check for check in RULE_CHECKS for f in check(rule, s) if not f.passed)
    return next(failed, None)


def _rejected(rule: Rule, which: Which) -> tuple[bool, bool]:
    return not check_grads_passes(rule, which), not chex_passes(rule, which)


class Score(NamedTuple):
    """mutants: planted, all of them wrong. survivors: 'case: mistake' that no check caught.

    *_killed: of the same mutants. *_passed: of the `right` rules.
    """

    mutants: int
    killed: int
    survivors: list[str]
    check_grads_killed: int
    chex_killed: int
    right: int
    check_grads_passed: int
    chex_passed: int


def score(verdicts: Iterable[Verdict]) -> Score:
    """The verdicts counted."""
    seen = list(verdicts)
    wrong = [v for v in seen if v.mistake is not None]
    right = [v for v in seen if v.mistake is None]
    survivors = [f"{v.case}: {v.mistake}" for v in wrong if v.killed_by is None]
    return Score(
        len(wrong),
        len(wrong) - len(survivors),
        survivors,
        sum(v.check_grads for v in wrong),
        sum(v.chex for v in wrong),
        len(right),
        sum(not v.check_grads for v in right),
        sum(not v.chex for v in right),
    )
