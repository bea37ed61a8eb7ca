"""What was measured, drawn for paper: log axes, each line named at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from fbp.lab.compare import Comparison
from fbp.lab.scaling import CheapGradient, Cost, crossover
from fbp.page.figure import BLUE, INK, MUTED, RED, RULE, STYLE, WIDTH, styled

AMBER = "#d08a00"
LABEL_POINTS = 9  # from one label to the next
# Told apart by colour, also without red or green, and by marker, also without colour.
LOOK = {
    "loss": (MUTED, "s"),
    "reverse": (BLUE, "o"),
    "forward": (RED, "^"),
    "numerical": (AMBER, "D"),
    "jacfwd": (RED, "^"),
    "jacrev": (BLUE, "o"),
}
# The modes of a comparison that stand for the methods of the classic argument.
METHOD_OF = {
    "backprop": "reverse",
    "forward": "forward",
    "finite_difference_one_sided": "numerical",
}


def mode_figure(comparison: Comparison) -> Figure:
    """Each mode's FLOPs and time, in units of the loss alone."""
    rows = [row for row in comparison.rows if row.time_ratio is not None]
    with styled(WIDTH, 0.5 + 0.27 * len(rows)) as figure:
        figure.subplots_adjust(left=0.25, right=0.97, bottom=0.2, top=0.97)
        ax = figure.subplots()
        y = np.arange(len(rows))[::-1]
        time = np.array([[r.time_low, r.time_ratio, r.time_high] for r in rows], float)
        flops = np.array([r.flops for r in rows], float) / comparison.loss_flops
        ax.hlines(y, time[:, 0], time[:, 2], color=BLUE, linewidth=1)
        ax.plot(time[:, 1], y, "o", color=BLUE, markersize=4.5, label="time: median and quartiles")
        ax.plot(flops, y, "D", color=RED, markersize=4.5, fillstyle="none", label="FLOPs")
        ax.set_xscale("log")
        ax.set_yticks(y, [r.name.replace("_", " ") + " ≈" * r.extrapolated for r in rows])
        ax.set_xlim(left=0.7)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.grid(axis="x", color=RULE, linewidth=0.5)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.set_xlabel("cost of one gradient, in evaluations of the loss")
        ax.legend(frameon=False, loc="upper right")
        return figure


def gradient_figure(costs: Sequence[Cost], here: Comparison | None = None) -> Figure:
    """FLOPs and time of one gradient against the number of parameters, by method.

    here: a comparison, whose own model is marked by stars.
    """
    with styled(WIDTH, 2.9) as figure:
        figure.subplots_adjust(left=0.085, right=0.9, bottom=0.17, top=0.9, wspace=0.5)
        flops, seconds = figure.subplots(1, 2)
        _lines(flops, costs, "flops")
        _lines(seconds, costs, "seconds")
        _slope(flops, costs, 1)
        _slope(flops, costs, 2)
        if here is not None:
            _mark_model(flops, seconds, here)
        for ax, title in ((flops, "FLOPs"), (seconds, "Time, s")):
            ax.set_title(f"{title}, of one gradient")
            ax.set_xlabel("parameters")
        return figure


def jacobian_figure(by_outputs: Sequence[Cost], by_inputs: Sequence[Cost]) -> Figure:
    """FLOPs and time of one Jacobian as outputs, then inputs, grow, with the crossover."""
    with styled(WIDTH, 4.6) as figure:
        figure.subplots_adjust(
            left=0.085, right=0.91, bottom=0.1, top=0.94, wspace=0.42, hspace=0.42
        )
        axes = figure.subplots(2, 2, sharey="row")
        for column, (varied, costs) in enumerate((("outputs", by_outputs), ("inputs", by_inputs))):
            for row, (measure, title) in enumerate((("flops", "FLOPs"), ("seconds", "Time, s"))):
                ax = axes[row, column]
                _lines(ax, costs, measure)
                _mark_crossover(ax, costs, measure)
                ax.set_title(f"{title}, as the {varied} grow")
                ax.set_xlabel(varied)
                ax.tick_params(labelleft=True)
        return figure


def cheap_figure(nets: Mapping[str, CheapGradient]) -> Figure:
    """A gradient over its loss, in FLOPs and in time, for several nets."""
    with styled(WIDTH, 0.9 + 0.27 * len(nets)) as figure:
        figure.subplots_adjust(left=0.32, right=0.97, bottom=0.27, top=0.84)
        ax = figure.subplots()
        y = np.arange(len(nets))[::-1]
        times = [net.time for net in nets.values()]
        ax.hlines(y, [t.low for t in times], [t.high for t in times], color=BLUE, linewidth=1)
        ax.plot(
            [t.ratio for t in times], y, "o", color=BLUE, markersize=4.5, label="time (quartiles)"
        )
        ratios = [net.flops_ratio for net in nets.values()]
        ax.plot(ratios, y, "D", color=RED, markersize=4.5, fillstyle="none", label="FLOPs")
        ax.axvline(5, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.annotate(
            "5: bound on FLOPs\n(Griewank & Walther)",
            (5, 0.5),
            (4, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=MUTED,
            fontsize=7,
            va="center",
        )
        ax.set_yticks(y, [f"{name}: {net.parameters:,} parameters" for name, net in nets.items()])
        ax.set_xlim(0, 6.2)
        ax.set_ylim(-0.6, len(nets) - 0.4)
        ax.grid(axis="x", color=RULE, linewidth=0.5)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.set_xlabel("cost of one gradient by backprop, in evaluations of the loss")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2)
        return figure


def save_png(figure: Figure, path: Path) -> None:
    """The figure as a PNG of 200 dots an inch."""
    with matplotlib.rc_context(STYLE):
        figure.savefig(path, dpi=200)


def _lines(ax: Axes, costs: Sequence[Cost], measure: str) -> None:
    """A line a method, named at its right end."""
    ends = {}
    for method in costs[0].flops:
        points = [
            (c.size, getattr(c, measure)[method]) for c in costs if method in getattr(c, measure)
        ]
        if points:
            colour, marker = LOOK[method]
            ax.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=3.5)
            ends[method] = points[-1]
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    ax.tick_params(which="minor", length=0)
    ax.grid(color=RULE, linewidth=0.5)
    _name_ends(ax, ends)


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Names beside the lines' ends, each pushed up until it clears the one below."""
    lowest = -math.inf
    for method, end in sorted(ends.items(), key=lambda item: item[1][1]):
        height = ax.transData.transform(end)[1] * 72 / ax.figure.get_dpi()
        lowest = max(height, lowest + LABEL_POINTS)
        ax.annotate(
            method,
            end,
            (6, lowest - height),
            textcoords="offset points",
            color=LOOK[method][0],
            va="center",
            annotation_clip=False,
        )


def _mark_model(flops: Axes, seconds: Axes, here: Comparison) -> None:
    """Stars at the costs of the model that was compared."""
    star: dict[str, Any] = {"marker": "*", "markersize": 10, "markeredgecolor": "white"}
    for row in here.rows:
        if row.name in METHOD_OF and row.flops is not None and row.time_ratio is not None:
            look = {"color": LOOK[METHOD_OF[row.name]][0], "zorder": 5, **star}
            flops.plot(here.parameters, row.flops, **look)
            seconds.plot(here.parameters, row.time_ratio * here.loss_seconds, **look)
    handle = Line2D([], [], color=MUTED, linestyle="none", **star)
    flops.legend([handle], ["this model"], frameon=False, loc="upper left", handletextpad=0.2)


def _slope(ax: Axes, costs: Sequence[Cost], power: int) -> None:
    """A guide of slope `power`, half-way between the lines."""
    sizes = np.array([c.size for c in costs[len(costs) // 2 :]], float)
    first = costs[-len(sizes)].flops
    start = math.sqrt(first["reverse"] * first["forward"]) * (1 if power == 2 else 0.5)
    ax.plot(sizes, start * (sizes / sizes[0]) ** power, color=MUTED, linewidth=0.8, linestyle=":")
    end = (sizes[-1], start * (sizes[-1] / sizes[0]) ** power)
    look: dict[str, Any] = {"color": MUTED, "fontsize": 7, "va": "center"}
    ax.annotate(f"slope {power}", end, (6, 0), textcoords="offset points", **look)


def _mark_crossover(ax: Axes, costs: Sequence[Cost], measure: str) -> None:
    """A dashed line where the two methods cost the same."""
    values = [getattr(c, measure) for c in costs]
    at = crossover([c.size for c in costs], *([v[m] for v in values] for m in ("jacfwd", "jacrev")))
    if math.isnan(at):
        return
    ax.axvline(at, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.annotate(
        f"even at {at:.0f}",
        (at, 0.02),
        (-4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=MUTED,
        fontsize=7,
        ha="right",
    )
