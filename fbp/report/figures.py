"""The report's figures: arrays -> SVG text, drawn for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from fbp.page.figure import BLUE, RED, WIDTH, as_svg, styled

DEPTH = LinearSegmentedColormap.from_list("depth", ["#7ba3c2", "#1f4e79", "#10243a"])
HITS = LinearSegmentedColormap.from_list("hits", ["#fbfaf7", "#a9c3d9"])
MISSES = LinearSegmentedColormap.from_list("misses", ["#fbfaf7", "#e0866c"])

Events = Sequence[Mapping]


def learning_curves(epochs: Events, monitor: str) -> str:
    """Loss and accuracy of the training and validation splits over epochs, side by side.

    monitor: "loss" or "accuracy", whose best validation epoch has a ring around it.
    """
    with styled(WIDTH, 2.1) as figure:
        figure.subplots_adjust(left=0.055, right=0.91, bottom=0.2, top=0.88, wspace=0.42)
        for ax, measure in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            series = {
                split: _series(epochs, lambda e, k=f"{split}_{measure}": e.get(k))
                for split in ("train", "validation")
            }
            _lines(ax, series, {"train": BLUE, "validation": RED})
            ax.set_title(measure.capitalize())
            ax.set_xlabel("epoch")
            if measure == "accuracy":
                ax.yaxis.set_major_formatter("{x:.0%}")
            if measure == monitor:
                _mark_best(ax, *series["validation"], smaller_is_better=measure == "loss")
        return as_svg(figure)


def norms_over_time(epochs: Events, layers: Sequence[str]) -> str:
    """What flows through each of `layers`, and what it leaves there: one panel a quantity."""
    panels = {
        "activation": "Activations, r.m.s.",
        "cotangent": "Cotangents (loss by activation), r.m.s.",
        "gradient": "Gradient, 2-norm",
        "parameter": "Parameters, 2-norm",
    }
    recorded = [e for e in epochs if e.get("norms")]
    depth = np.linspace(0, 1, max(len(layers), 2))
    colours = {layer: DEPTH(d) for layer, d in zip(layers, depth, strict=False)}
    with styled(WIDTH, 3.9) as figure:
        figure.subplots_adjust(left=0.06, right=0.88, bottom=0.1, top=0.93, wspace=0.5, hspace=0.35)
        axes = figure.subplots(2, 2, sharex=True)
        for ax, (quantity, title) in zip(axes.flat, panels.items(), strict=True):
            series = {
                layer: _series(
                    recorded, lambda e, at=layer, q=quantity: e["norms"].get(at, {}).get(q)
                )
                for layer in layers
            }
            ax.set_yscale("log")
            _lines(ax, series, colours)
            _plain_log_ticks(ax)
            ax.set_title(title)
        for ax in axes[1]:
            ax.set_xlabel("epoch")
        return as_svg(figure)


def confusion_matrix(confusion: np.ndarray, classes: Sequence[str]) -> str:
    """Counts: rows are the true class, columns the predicted one; mistakes stand out in red."""
    n = len(classes)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    right = np.eye(n, dtype=bool)
    # Mistakes are rare, so their tint is relative to the most frequent one.
    worst = max(share[~right].max(initial=0), 1e-9)
    side = WIDTH * 0.49
    with styled(side, side) as figure:
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
        colours = np.where(right[..., None], HITS(share), MISSES(share / worst))
        ax.imshow(colours, interpolation="nearest")
        if n <= 20:
            ax.set_xticks(range(n), classes, rotation=90 if max(map(len, classes)) > 2 else 0)
            ax.set_yticks(range(n), classes)
            for (i, j), count in np.ndenumerate(confusion):
                if count:
                    weight = "normal" if i == j else "bold"
                    ax.text(j, i, count, ha="center", va="center", weight=weight, size=7.5)
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        return as_svg(figure)


def _series(epochs: Events, read) -> tuple[np.ndarray, np.ndarray]:
    """(epochs, values) where `read` finds a value."""
    found = [(e["epoch"], v) for e in epochs if (v := read(e)) is not None]
    return np.array([e for e, _ in found]), np.array([v for _, v in found], dtype=float)


def _lines(ax: Axes, series: Mapping[str, tuple], colours: Mapping) -> None:
    """A line a series, named at its right end, where the eye is when it asks."""
    ends = {}
    for name, (x, y) in series.items():
        if x.size:
            ax.plot(x, y, color=colours[name], marker="o" if x.size == 1 else None, markersize=3)
            ends[name] = y[-1]
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    shown = list(ends) if len(ends) <= 8 else [next(iter(ends)), list(ends)[-1]]
    _end_labels(ax, {name: ends[name] for name in shown}, colours)


def _end_labels(ax: Axes, ends: Mapping[str, float], colours: Mapping) -> None:
    """Names beside the lines' ends, pushed apart until none covers another."""
    ax.autoscale_view()
    to_axes = ax.transData + ax.transAxes.inverted()
    names = sorted((n for n, y in ends.items() if np.isfinite(y)), key=lambda n: ends[n])
    places = np.array([to_axes.transform((0, ends[n]))[1] for n in names])
    height = (
        10 / 72 / (ax.figure.get_figure(root=True).get_size_inches()[1] * ax.get_position().height)
    )
    for _ in range(100):
        lack = np.maximum(height - np.diff(places), 0) / 2
        places[1:] += lack
        places[:-1] -= lack
    for name, place in zip(names, places, strict=True):
        ax.annotate(
            name,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=colours[name],
            size=7.5,
        )


def _plain_log_ticks(ax: Axes) -> None:
    """Powers of ten where the axis spans two or more, else 1, 2, 5; as plain numbers."""
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1,) if high > 100 * low else (1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())


def _mark_best(ax: Axes, x: np.ndarray, y: np.ndarray, *, smaller_is_better: bool) -> None:
    """A ring around the best epoch, the first of equals."""
    if np.isfinite(y).any():
        best = int(np.nanargmin(y) if smaller_is_better else np.nanargmax(y))
        ax.plot(x[best], y[best], "o", mfc="none", mec=RED, ms=6, mew=1, clip_on=False)
