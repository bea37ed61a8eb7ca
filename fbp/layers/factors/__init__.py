"""Per-example gradients of one parameter, kept as the factors they are made of. One kind a file."""

from fbp.layers.factors.factor import Factor
from fbp.layers.factors.outer import Outer
from fbp.layers.factors.patches import Patches
from fbp.layers.factors.rows import Rows
from fbp.layers.factors.scatter import Scatter
from fbp.layers.factors.tied import Tied

__all__ = ["Factor", "Outer", "Patches", "Rows", "Scatter", "Tied"]
