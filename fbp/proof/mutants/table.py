"""All specific mistakes, by family as in the table of cases."""

from fbp.proof.mutants import activation, combinators, dense, losses

MUTANTS = (
    *dense.MUTANTS,
    *activation.MUTANTS,
    *combinators.MUTANTS,
    *losses.MUTANTS,
)
