"""`fbp check --all` and `fbp check --mutants`: the whole table, and how much its proof notices."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.table import Table

from fbp.cli.output import print_table
from fbp.proof.cases.table import CASES
from fbp.proof.every import judge_all, prove_all, worst
from fbp.proof.mutants.table import MUTANTS
from fbp.proof.prove import Report
from fbp.proof.score import Score, Verdict, score


def prove(as_json: bool) -> int:
    """Every check on every case; 1 if one failed."""
    reports = list(prove_all(CASES))
    failed = [f"{r.name}: {f}" for r in reports for f in r.failures]
    if as_json:
        checks = sum(len(r.findings) for r in reports)
        result = {"layers": len(reports), "checks": checks, "failed": failed}
        print(json.dumps(result | {"worst": worst(reports)}))
    else:
        print_table(proof_table(reports))
        print("\n".join(failed) or f"all {len(reports)} layers, losses and models are right")
    return 1 if failed else 0


def score_mutants(as_json: bool) -> int:
    """Every mistake in every case; 1 if one was not noticed."""
    verdicts = [v for found in judge_all(CASES, MUTANTS) for v in found]
    total = score(verdicts)
    if as_json:
        print(json.dumps(total._asdict()))
    else:
        print_table(mutants_table(verdicts))
        print(summary(total))
    return 1 if total.survivors else 0


def proof_table(reports: Sequence[Report]) -> Table:
    """One line a case: how many checks, the one closest to its bound, the memory it keeps."""
    table = Table("layer", "checks", "closest to its bound", "residual bytes", "", box=None)
    for report in reports:
        near = max(report.findings, key=lambda f: f.share)
        table.add_row(
            report.name,
            str(len(report.findings)),
            f"{near.check} {near.error:.1e} of {near.bound:.1e}" if near.bound else near.check,
            str(report.residual_bytes),
            "WRONG" if report.failures else "ok",
        )
    return table


def mutants_table(verdicts: Sequence[Verdict]) -> Table:
    """One line a case: mistakes planted, and how many of them each checker noticed."""
    table = Table("layer", "mistakes", "fbp", "check_grads", "chex", "not noticed", box=None)
    for name in dict.fromkeys(v.case for v in verdicts):
        part = score(v for v in verdicts if v.case == name)
        table.add_row(
            name,
            str(part.mutants),
            str(part.killed),
            str(part.check_grads_killed),
            str(part.chex_killed),
            ", ".join(part.survivors),
        )
    return table


def summary(total: Score) -> str:
    """The score in words."""
    return (
        f"{total.killed} of {total.mutants} mistakes noticed "
        f"({total.killed / total.mutants:.1%}); at their default tolerances "
        f"jax.test_util.check_grads notices {total.check_grads_killed} and rejects "
        f"{total.right - total.check_grads_passed} of {total.right} right rules, "
        f"chex.assert_numerical_grads notices {total.chex_killed} and rejects "
        f"{total.right - total.chex_passed}"
    )
