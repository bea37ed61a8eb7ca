"""A graph as text: one line a node, in the order of evaluation."""

from __future__ import annotations

from fbp.graph.sweep import gradients, tangents
from fbp.graph.trace import Graph, show


def to_text(graph: Graph, wrt: str | None = None) -> str:
    """Columns: node, formula, value, d output / d node and, with `wrt`, d node / d wrt."""
    names = [node.name for node in graph.nodes]
    back = gradients(graph)
    output = names[graph.output]
    header = ["node", "formula", "value", f"d {output} / d node"]
    rows = [
        [node.name, formula(graph, i), show(node.value), show(back[node.name])]
        for i, node in enumerate(graph.nodes)
    ]
    if wrt is not None:
        header.append(f"d node / d {wrt}")
        ahead = tangents(graph, wrt)
        rows = [[*row, show(ahead[row[0]])] for row in rows]
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            cell.ljust(width) if k < 2 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join(lines)


def formula(graph: Graph, i: int) -> str:
    """Node i's formula in the names of its operands."""
    node = graph.nodes[i]
    return node.formula.format(*(graph.nodes[k].name for k in node.operands))
