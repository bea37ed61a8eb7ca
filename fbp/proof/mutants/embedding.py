"""Mistakes in tables."""

import jax.numpy as jnp

from fbp.layers import embedding
from fbp.proof.mutants.mutant import Mutant, after_vjp, pulled_by, with_vjp


def overwritten(params, ids, dy):
    """The last of equal ids wins."""
    return params._replace(table=jnp.zeros_like(params.table).at[ids].set(dy)), None


def by_clipped_id(params, ids, dy):
    shifted = jnp.minimum(ids + 1, params.table.shape[0] - 1)
    return params._replace(table=jnp.zeros_like(params.table).at[shifted].add(dy)), None


MUTANTS = (
    Mutant("duplicate ids overwrite", "embedding", with_vjp(overwritten)),
    Mutant("ids off by one", "embedding", with_vjp(by_clipped_id)),
    Mutant("padding learns", "embedding/padding", pulled_by(embedding(4, 3))),
    Mutant(
        "gradient of the first example only",
        "positions",
        with_vjp(
            lambda p, res, dy: (p._replace(table=jnp.zeros_like(p.table).at[:4].set(dy[0])), dy)
        ),
    ),
    Mutant(
        "mean over the batch",
        "positions/full",
        after_vjp(lambda dparams, dx: (dparams._replace(table=dparams.table / 6), dx)),
    ),
)
