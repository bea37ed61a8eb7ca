"""The table of gradient modes: how exact each is, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from fbp.lab.compare import Row
from fbp.report.markup import Number, number, table

COLUMNS = ("mode", "cosine", "largest error", "passes", "time / loss", "FLOPs", "memory, bytes")


def mode_table(rows: Sequence[Row], loss_alone: Sequence[str] | None = None) -> str:
    """A row a mode, `loss_alone` set apart at the end, and why a mode could not serve."""
    lines = [_cells(row) for row in rows]
    if loss_alone is not None:
        lines.append(tuple(loss_alone))
    reasons = (f"<p>{escape(f'{row.name}: {row.reason}.')}</p>" for row in rows if row.reason)
    return table(COLUMNS, lines, total=loss_alone is not None) + "".join(reasons)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        number(row.cosine),
        number(row.max_rel_error, 2),
        number(row.passes),
        Number(("&asymp;&thinsp;" if row.extrapolated else "") + number(row.time_ratio)),
        number(row.flops),
        number(row.temp_bytes),
    )
