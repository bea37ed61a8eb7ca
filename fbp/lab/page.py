"""A comparison as one self-contained HTML page, in the report's dress."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files

from matplotlib.figure import Figure

from fbp.lab.compare import Comparison
from fbp.lab.plots import as_svg
from fbp.report.markup import Number, drawing, number, table

COLUMNS = (
    "mode",
    "cosine",
    "largest error",
    "passes",
    "time / loss",
    "FLOPs",
    "memory, bytes",
)


def render(name: str, comparison: Comparison, figures: Mapping[str, tuple[Figure, str]]) -> str:
    """The page's HTML; figures: (figure, caption) by title."""
    drawings = "\n".join(
        f"<section><h2>{escape(title)}</h2>{drawing(as_svg(figure), title, caption)}</section>"
        for title, (figure, caption) in figures.items()
    )
    reasons = "".join(
        f"<p>{escape(row.name)}: {escape(row.reason)}.</p>" for row in comparison.rows if row.reason
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<link rel="icon" href="data:,">'  # else a browser asks for favicon.ico
        f"<title>{escape(name)}: gradient modes</title>"
        f"<style>{files('fbp.report').joinpath('style.css').read_text('utf-8')}</style></head>\n<body>\n"
        f"<header><h1>{escape(name)}</h1><p class=lead>every gradient mode at the same "
        f"{comparison.parameters:,} parameters, on the same {comparison.examples} examples</p>"
        "</header>\n<section><h2>What a gradient costs</h2>"
        f"<p>{escape(ABOUT)}</p>{_rows(comparison)}{reasons}</section>\n{drawings}\n</body></html>\n"
    )


ABOUT = (
    "Cosine and largest error are against automatic differentiation in float64; the error is "
    "relative to the largest entry of the gradient. Time is in evaluations of the loss alone, "
    "run in turn. FLOPs and memory are of the compiled program. ≈ marks what was measured on a "
    "few entries of the gradient and scaled."
)


def _rows(comparison: Comparison) -> str:
    loss = ("the loss alone", *(number(None),) * 2, number(1), number(1.0))
    cost = (number(comparison.loss_flops), number(comparison.loss_temp_bytes))
    rows = [
        (
            row.name,
            number(row.cosine),
            number(row.max_rel_error, 2),
            number(row.passes),
            Number(("&asymp;&thinsp;" if row.extrapolated else "") + number(row.time_ratio)),
            number(row.flops),
            number(row.temp_bytes),
        )
        for row in comparison.rows
    ]
    return table(COLUMNS, [*rows, (*loss, *cost)], total=True)
