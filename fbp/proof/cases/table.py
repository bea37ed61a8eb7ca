"""The table: every layer, combinator, loss and model there is, with the shapes it is proved at.

A new layer is one new row in its family's file, a new family one new line here.
"""

from fbp.proof.cases import activation, combinators, dense, losses, models

CASES = (
    *dense.CASES,
    *activation.CASES,
    *combinators.CASES,
    *losses.CASES,
    *models.CASES,
)
