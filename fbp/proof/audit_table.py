"""The audit for people: one line a leaf, each error beside its bound."""

from __future__ import annotations

from rich.table import Table

from fbp.proof.audit import BOUNDS, AuditRow, failures

HEADINGS = ("vjp-autodiff", "jvp-autodiff", "adjoint identity", "finite difference")


def audit_table(rows: list[AuditRow]) -> Table:
    """One line a leaf, with each error; the bounds are in the header."""
    table = Table("parameter", "shape", box=None, pad_edge=False)
    for heading, bound in zip(HEADINGS, BOUNDS, strict=True):
        table.add_column(f"{heading}\n<= {bound:.0e}", justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        shape = "x".join(map(str, row.shape)) or "scalar"
        errors = [f"{error:.1e}" for error in row.errors]
        table.add_row(row.path, shape, *errors, "ok" if row.passed else "WRONG")
    return table


def verdict(rows: list[AuditRow]) -> str:
    """The audit in one line."""
    wrong = failures(rows)
    if wrong:
        return f"{len(wrong)} of {len(rows)} gradients are wrong: " + ", ".join(
            row.path for row in wrong
        )
    return f"all {len(rows)} gradients are right: relative errors in float64, within their bounds"
