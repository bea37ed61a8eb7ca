"""A comparison in HTML: the table of gradient modes, and a page of it with figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from matplotlib.figure import Figure

from fbp.lab.compare import Comparison, Row
from fbp.page.document import document, paragraph, section
from fbp.page.figure import as_svg
from fbp.page.markup import Number, drawing, number, table

ABOUT = (
    "Cosine and largest error are against automatic differentiation in float64; the error is "
    "relative to the largest entry of the gradient. Time is in evaluations of the loss alone, "
    "run in turn. FLOPs and memory are of the compiled program. ≈ marks what was measured on a "
    "few entries of the gradient and scaled."
)
COLUMNS = ("mode", "cosine", "largest error", "passes", "time / loss", "FLOPs", "memory, bytes")


def render(name: str, comparison: Comparison, figures: Mapping[str, tuple[Figure, str]]) -> str:
    """The page's HTML; figures: (figure, caption) by title."""
    loss = ("the loss alone", *(number(None),) * 2, number(1), number(1.0))
    cost = (number(comparison.loss_flops), number(comparison.loss_temp_bytes))
    modes = mode_table(comparison.rows, (*loss, *cost))
    header = (
        f"<header><h1>{escape(name)}</h1><p class=lead>every gradient mode at the same "
        f"{comparison.parameters:,} parameters, on the same {comparison.examples} examples</p>"
        "</header>"
    )
    sections = (
        section("What a gradient costs", paragraph(ABOUT), modes),
        *(
            section(title, drawing(as_svg(figure), title, caption))
            for title, (figure, caption) in figures.items()
        ),
    )
    return document(f"{name}: gradient modes", "\n".join((header, *sections)))


def mode_table(rows: Sequence[Row], loss_alone: Sequence[str] | None = None) -> str:
    """A row a mode, `loss_alone` set apart at the end, and why a mode could not serve."""
    lines = [_cells(row) for row in rows]
    if loss_alone is not None:
        lines.append(tuple(loss_alone))
    reasons = (paragraph(f"{row.name}: {row.reason}.") for row in rows if row.reason)
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
