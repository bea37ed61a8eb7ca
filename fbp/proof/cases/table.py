"""The table: every layer, combinator, loss and model there is, with the shapes it is proved at.

A new layer is one new row in its family's file, a new family one new line here.
"""

from fbp.proof.cases import (
    activation,
    attention,
    blocks,
    combinators,
    conv,
    dense,
    embedding,
    fused_head,
    glu,
    language,
    losses,
    models,
    norm,
    pool,
    recurrent,
    similarity,
)

CASES = (
    *dense.CASES,
    *activation.CASES,
    *conv.CASES,
    *pool.CASES,
    *norm.CASES,
    *embedding.CASES,
    *glu.CASES,
    *attention.CASES,
    *recurrent.CASES,
    *losses.CASES,
    *similarity.CASES,
    *fused_head.CASES,
    *combinators.CASES,
    *blocks.CASES,
    *models.CASES,
    *language.CASES,
)
