"""The whole table, proved: every case by every check, and every planted mistake by both peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from os import cpu_count
from typing import Any

from fbp.proof.cases.case import Case
from fbp.proof.finding import Finding
from fbp.proof.mutants.mutant import Mutant
from fbp.proof.prove import Report, prove_case
from fbp.proof.score import Verdict, verdicts_on_case


def prove_all(cases: Sequence[Case]) -> Iterator[Report]:
    """The reports in the order of the cases, each as soon as it is there."""
    return _in_threads(prove_case, cases)


def judge_all(cases: Sequence[Case], mutants: Sequence[Mutant]) -> Iterator[list[Verdict]]:
    """For each case its verdicts: right rules, generic mistakes, and its own of `mutants`.

    Without the cases that stop gradients: there even right rules contradict a difference.
    """

    def judge(case):
        return list(verdicts_on_case(case, [m for m in mutants if m.case == case.name]))

    return _in_threads(judge, [c for c in cases if not c.stops_gradient])


def worst(reports: Sequence[Report]) -> dict[str, dict[str, Any]]:
    """For each check the finding closest to its bound: {check: {case, leaf, error, bound}}.

    error: None where it is not a finite number.
    """
    closest: dict[str, tuple[str, Finding]] = {}
    for report in reports:
        for f in report.findings:
            if f.check not in closest or f.share > closest[f.check][1].share:
                closest[f.check] = report.name, f
    return {
        check: {
            "case": case,
            "leaf": f.leaf,
            "error": float(f.error) if isfinite(f.error) else None,
            "bound": float(f.bound),
        }
        for check, (case, f) in closest.items()
    }


def _in_threads(work: Callable, cases: Sequence[Case]) -> Iterator:
    """Compiling is most of the work, and leaves Python free for another case meanwhile."""
    with ThreadPoolExecutor(cpu_count()) as threads:
        yield from threads.map(work, cases)
