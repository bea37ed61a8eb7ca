"""Data sets: where they are, what is in them, and in which order training sees it."""

from fbp.data.dataset import DataError, Dataset, Split
from fbp.data.load import load

__all__ = ["DataError", "Dataset", "Split", "load"]
