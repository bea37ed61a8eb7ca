"""Combinators: the chain rule and nothing else. One combinator a file."""

from fbp.compose.parallel import parallel
from fbp.compose.precision import in_dtype
from fbp.compose.remat import remat
from fbp.compose.repeat import repeat
from fbp.compose.residual import residual
from fbp.compose.reversible import reversible
from fbp.compose.serial import serial
from fbp.compose.tied import tied_embedding
from fbp.compose.two_streams import two_streams

__all__ = [
    "in_dtype",
    "parallel",
    "remat",
    "repeat",
    "residual",
    "reversible",
    "serial",
    "tied_embedding",
    "two_streams",
]
