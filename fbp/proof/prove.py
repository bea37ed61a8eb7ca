"""All checks on one case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax

from fbp.proof.cases.case import Case
from fbp.proof.checks import LAYER_CHECKS, RULE_CHECKS
from fbp.proof.checks.differences import complex_step
from fbp.proof.checks.trees import residual_bytes
from fbp.proof.finding import Finding
from fbp.proof.point import draw, rule_at
from fbp.proof.rule import Rule, autodiff, compiled
from fbp.proof.sample import sample


class Report(NamedTuple):
    """Everything that was found about one case or function.

    residual_bytes: what forward keeps for the rules, in float32; None for a plain function.
    """

    name: str
    findings: tuple[Finding, ...]
    residual_bytes: int | None = None

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings outside their bounds."""
        return tuple(f for f in self.findings if not f.passed)

    def __str__(self) -> str:
        if not self.failures:
            return f"{self.name}: all {len(self.findings)} checks pass"
        first, more = self.failures[0], len(self.failures) - 1
        return f"{self.name}: {first}" + (f" (and {more} more failures)" if more else "")


def prove_case(case: Case) -> Report:
    """Every check on every leaf of the case, in float64 and the lower precisions."""
    with jax.enable_x64(True):
        point = draw(case)
        return Report(case.name, tuple(findings(case)), residual_bytes(case, point))


def findings(case: Case) -> Iterator[Finding]:
    """The case's findings, cheap checks first; to be called with x64 enabled."""
    point = draw(case)
    plain = rule_at(case.layer, point)
    rule, truth = compiled(plain), autodiff(plain)
    at = sample(rule, truth)
    for check in RULE_CHECKS:
        yield from check(rule, at)
    if case.holomorphic:
        yield from complex_step(rule, at)
    for layer_check in LAYER_CHECKS:
        yield from layer_check(case, point, rule, at)


def prove_rule(rule: Rule) -> Report:
    """The checks that need nothing but the rule, at rule.args in float64."""
    fast, truth = compiled(rule), autodiff(rule)
    at = sample(fast, truth)
    return Report(rule.name, tuple(f for check in RULE_CHECKS for f in check(fast, at)))
