"""All specific mistakes, by family as in the table of cases."""

from fbp.proof.mutants import (
    activation,
    attention,
    combinators,
    conv,
    dense,
    embedding,
    fused_head,
    losses,
    norm,
    pool,
    recurrent,
)

MUTANTS = (
    *dense.MUTANTS,
    *activation.MUTANTS,
    *conv.MUTANTS,
    *pool.MUTANTS,
    *norm.MUTANTS,
    *embedding.MUTANTS,
    *attention.MUTANTS,
    *recurrent.MUTANTS,
    *losses.MUTANTS,
    *fused_head.MUTANTS,
    *combinators.MUTANTS,
)
