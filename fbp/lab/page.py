"""A comparison as one self-contained HTML page, in the report's dress."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files

from matplotlib.figure import Figure

from fbp.lab.compare import Comparison
from fbp.lab.plots import as_svg
from fbp.report.markup import drawing, number
from fbp.report.modes import mode_table


def render(name: str, comparison: Comparison, figures: Mapping[str, tuple[Figure, str]]) -> str:
    """The page's HTML; figures: (figure, caption) by title."""
    drawings = "\n".join(
        f"<section><h2>{escape(title)}</h2>{drawing(as_svg(figure), title, caption)}</section>"
        for title, (figure, caption) in figures.items()
    )
    loss = ("the loss alone", *(number(None),) * 2, number(1), number(1.0))
    cost = (number(comparison.loss_flops), number(comparison.loss_temp_bytes))
    modes = mode_table(comparison.rows, (*loss, *cost))
    style = files("fbp.report").joinpath("style.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<link rel="icon" href="data:,">'  # else a browser asks for favicon.ico
        f"<title>{escape(name)}: gradient modes</title>"
        f"<style>{style}</style></head>\n<body>\n"
        f"<header><h1>{escape(name)}</h1><p class=lead>every gradient mode at the same "
        f"{comparison.parameters:,} parameters, on the same {comparison.examples} examples</p>"
        "</header>\n<section><h2>What a gradient costs</h2>"
        f"<p>{escape(ABOUT)}</p>{modes}</section>\n{drawings}\n</body></html>\n"
    )


ABOUT = (
    "Cosine and largest error are against automatic differentiation in float64; the error is "
    "relative to the largest entry of the gradient. Time is in evaluations of the loss alone, "
    "run in turn. FLOPs and memory are of the compiled program. ≈ marks what was measured on a "
    "few entries of the gradient and scaled."
)
