"""What every figure of fbp looks like, and how it becomes SVG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure

INK, MUTED, RULE = "#22201c", "#77716a", "#d8d3ca"
BLUE, RED = "#1f4e79", "#b23a1e"

STYLE: Any = {  # its stubs know rcParams by a Literal of every key
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "fbp",
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
}
WIDTH = 6.85  # inches: the text width of an A4 page with 18 mm margins


@contextmanager
def styled(width: float, height: float) -> Iterator[Figure]:
    """An empty figure of so many inches, to be drawn on inside."""
    with matplotlib.rc_context(STYLE):
        yield Figure(figsize=(width, height))


def as_svg(figure: Figure) -> str:
    """The figure as SVG text, the same each time."""
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()
