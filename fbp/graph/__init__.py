"""Any function's computation graph: values forward, gradients back. fbp.graph.picture draws it."""

from fbp.graph.sweep import gradients, tangents
from fbp.graph.table import to_text
from fbp.graph.trace import Graph, GraphError, Node, graph, named

__all__ = ["Graph", "GraphError", "Node", "gradients", "graph", "named", "tangents", "to_text"]
