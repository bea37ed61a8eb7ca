"""The benchmark as a picture: every baseline's time over ours, a row a case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fbp.lab.bench.measure import Result
from fbp.lab.bench.table import AUTODIFF
from fbp.lab.timing import Timing
from fbp.page.figure import BLUE, INK, MUTED, RED, WIDTH, styled

KINDS = {  # contenders' names: how the kind is drawn
    "autodiff": (BLUE, "o"),
    "torch": (RED, "D"),
    "other": (MUTED, "s"),
}


def bench_figure(results: Sequence[Result]) -> Figure:
    """Right of the line at 1, fbp is faster. Bars: quartiles over the rounds."""
    with styled(WIDTH, 0.8 + 0.32 * len(results)) as figure:
        figure.subplots_adjust(left=0.2, right=0.97, bottom=0.6 / (0.8 + 0.32 * len(results)))
        ax = figure.subplots()
        for kind, (colour, marker) in KINDS.items():
            points = [
                (y, timing)
                for y, result in enumerate(results)
                for name, timing in _compared(result).items()
                if _kind(name) == kind
            ]
            if not points:
                continue
            y = np.array([p[0] for p in points], float)
            found = np.array([[t.low, t.ratio, t.high] for _, t in points])
            ax.hlines(y, found[:, 0], found[:, 2], color=colour, linewidth=1)
            ax.plot(found[:, 1], y, marker, color=colour, markersize=4, label=kind)
        ax.axvline(1, color=INK, linewidth=0.8)
        ax.set_xscale("log")
        ax.set_yticks(range(len(results)), [r.name for r in results])
        ax.invert_yaxis()
        ax.set_xlabel("time over fbp's")
        ax.legend(loc="best", frameon=False)
    return figure


def _compared(result: Result) -> dict[str, Timing]:
    """What does as much as the first contender, fbp: of a case of depths, the deepest alone."""
    if depths := result.case.bench.depths:
        return {"autodiff": result.timings[f"autodiff_{max(depths)}"]}
    return {name: timing for name, timing in result.timings.items() if name != "fbp"}


def _kind(name: str) -> str:
    if name in AUTODIFF:
        return "autodiff"
    return "torch" if name.startswith("torch") else "other"
