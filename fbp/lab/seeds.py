"""One picture of several runs of several seeds each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLOUR, REFERENCE = "#0072B2", "#D55E00"  # Okabe & Ito 2008: told apart by every kind of sight
PANEL = (3.6, 2.6)  # inches
FAINT = 0.4  # and fainter still where there are many seeds


def draw_seeds(
    path: str | Path,
    runs: Mapping[str, np.ndarray],
    *,
    ylabel: str,
    references: Mapping[str, float | None],
    reference_label: str,
    columns: int = 4,
) -> None:
    """Writes a picture with a panel a run: every seed, their mean, and the run's reference.

    runs: (seeds, epochs) by name. references: the number to compare with, where there is one.
    Panels have y axes of their own, because runs that fail are far from those that work.
    """
    columns = min(columns, len(runs))
    rows = math.ceil(len(runs) / columns)
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (name, curves) in zip(grid.flat, runs.items(), strict=False):
        _panel(axes, name, curves, references.get(name))
    for axes in grid.flat[len(runs) :]:
        axes.axis("off")
    figure.supxlabel("epoch", fontsize="medium")
    figure.supylabel(ylabel, fontsize="medium")
    seeds = len(next(iter(runs.values())))
    legend = [
        Line2D([], [], color=COLOUR, alpha=FAINT, lw=0.8, label="one seed"),
        Line2D([], [], color=COLOUR, lw=1.8, label=f"mean of {seeds} seeds"),
        Line2D([], [], color=REFERENCE, ls="--", lw=1.2, label=reference_label),
    ]
    figure.legend(handles=legend, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=150)


def _panel(axes: Axes, name: str, curves: np.ndarray, reference: float | None) -> None:
    epochs = np.arange(1, curves.shape[1] + 1)
    marker = "o" if len(epochs) == 1 else None
    faint = min(FAINT, 8 / len(curves))
    axes.plot(epochs, curves.T, color=COLOUR, alpha=faint, lw=0.8, marker=marker)
    axes.plot(epochs, curves.mean(axis=0), color=COLOUR, lw=1.8, marker=marker)
    if reference is not None:
        axes.axhline(reference, color=REFERENCE, ls="--", lw=1.2)
    axes.set_title(name, fontsize="medium")
    axes.grid(alpha=0.25)
