"""All checks on one case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax

from fbp.proof.cases.case import Case
from fbp.proof.checks import DIFFERENCES, LAYER_CHECKS, RULE_CHECKS
from fbp.proof.checks.differences import complex_step
from fbp.proof.checks.programs import jit_is_eager
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


def prove_case(case: Case, *, eager: bool = True) -> Report:
    """Every check on every leaf of the case, in float64 and the lower precisions.

    eager: also operation by operation, each of which is compiled by itself; a few seconds.
    """
    with jax.enable_x64(True):
        point = draw(case)
        return Report(case.name, tuple(findings(case, eager=eager)), residual_bytes(case, point))


def findings(case: Case, *, eager: bool = True) -> Iterator[Finding]:
    """The case's findings, cheap checks first; to be called with x64 enabled."""
    point = draw(case)
    plain = rule_at(case.layer, point)
    rule = compiled(plain)
    at = sample(rule, autodiff(plain))
    for check in (*RULE_CHECKS, *([complex_step] if case.holomorphic else [])):
        if not (case.stops_gradient and check in DIFFERENCES):
            yield from _run(check, rule, at)
    for layer_check in (*LAYER_CHECKS, *([jit_is_eager] if eager else [])):
        yield from _run(layer_check, case, point, rule, at)


def prove_rule(rule: Rule, against_autodiff: bool) -> Report:
    """The checks that need nothing but the rule, at rule.args in float64.

    against_autodiff: whether autodiff of rule.value is independent of the rules themselves.
    """
    with jax.enable_x64(True):
        fast = compiled(rule)
        at = sample(fast, autodiff(rule) if against_autodiff else None)
        return Report(rule.name, tuple(f for check in RULE_CHECKS for f in _run(check, fast, at)))


def _run(check: Callable[..., Iterator[Finding]], *args) -> Iterator[Finding]:
    """The check's findings; a rule that cannot run at all is one more of them."""
    try:
        yield from check(*args)
    except Exception as error:
        problem = str(error).strip().split("\n")[0]
        name = check.__name__.replace("_", " ")
        yield Finding(name, "all", float("inf"), 0.0, f"{type(error).__name__}: {problem}")
