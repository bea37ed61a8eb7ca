"""The one table of every layer, combinator, loss and model that all generic tests run over."""

from fbp.proof.cases.table import CASES

__all__ = ["CASES"]
