"""A graph as a picture: inputs on the left, the output on the right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from fbp.graph.sweep import gradients
from fbp.graph.table import formula
from fbp.graph.trace import Graph, show

VALUE, GRADIENT = "#0072B2", "#D55E00"  # Okabe & Ito 2008: told apart by every kind of sight
ROW = 1.3  # inches from node to node
CHARACTER = 0.09  # inches


def draw(graph: Graph, path: str | Path) -> None:
    """Writes the graph to `path`, in the format of its suffix (.svg, .png, .pdf).

    Over every node its value, under it d output / d node, on every edge the local derivative.
    """
    places = layout(graph)
    labels = [
        node.name if node.formula == "input" else f"{node.name} = {formula(graph, i)}"
        for i, node in enumerate(graph.nodes)
    ]
    column = 1.3 + CHARACTER * max(map(len, labels))
    width, height = np.ptp(places, axis=0) + 1
    figure = Figure(figsize=(column * width, ROW * height))
    axes = figure.subplots()
    back = gradients(graph)
    boxes = [
        _node(axes, place, label, show(node.value), show(back[node.name]))
        for node, place, label in zip(graph.nodes, places, labels, strict=True)
    ]
    for node, box in zip(graph.nodes, boxes, strict=True):
        for i, partial in zip(node.operands, node.partials, strict=True):
            _edge(axes, boxes[i], box, show(partial))
    output = graph.nodes[graph.output].name
    axes.set_title(
        f"above: value     below: d {output} / d node     on an edge: local derivative", fontsize=9
    )
    axes.set_xlim(places[:, 0].min() - 0.5, places[:, 0].max() + 0.5)
    axes.set_ylim(places[:, 1].min() - 0.5, places[:, 1].max() + 0.5)
    axes.axis("off")
    figure.savefig(path, dpi=150, bbox_inches="tight")


def layout(graph: Graph) -> np.ndarray:
    """(nodes, 2): column, the longest path from an input; row, near the operands' rows."""
    columns: list[int] = []
    for node in graph.nodes:
        columns.append(1 + max((columns[i] for i in node.operands), default=-1))
    places = np.zeros((len(graph.nodes), 2))
    for column in range(max(columns) + 1):
        members = [i for i, c in enumerate(columns) if c == column]
        wish = {
            i: np.mean([places[k, 1] for k in graph.nodes[i].operands]) if column else -i
            for i in members
        }
        members.sort(key=lambda i: -wish[i])
        rows = -np.arange(len(members), dtype=float)
        rows += np.mean([wish[i] for i in members]) - rows.mean()
        for i, row in zip(members, rows, strict=True):
            places[i] = column, row
    return places


def _node(axes: Axes, place: np.ndarray, label: str, value: str, gradient: str) -> Text:
    x, y = place
    axes.text(x, y + 0.2, value, ha="center", va="bottom", fontsize=9, color=VALUE)
    axes.text(x, y - 0.2, gradient, ha="center", va="top", fontsize=9, color=GRADIENT)
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "0.3"}
    return axes.text(x, y, label, ha="center", va="center", fontsize=10, bbox=box)


def _edge(axes: Axes, tail: Text, head: Text, label: str) -> None:
    (x0, y0), (x1, y1) = start, end = tail.get_position(), head.get_position()
    arrow = {"arrowstyle": "-|>", "color": "0.55", "shrinkA": 0, "shrinkB": 0}
    arrow |= {"patchA": tail.get_bbox_patch(), "patchB": head.get_bbox_patch()}
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow)
    background = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.text(
        (x0 + x1) / 2, (y0 + y1) / 2, label, ha="center", va="center", fontsize=8, bbox=background
    )
