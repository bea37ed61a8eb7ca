"""Mistakes in tables."""

import jax.numpy as jnp

from fbp.layers import embedding
from fbp.proof.mutants.mutant import Mutant, after_vjp, pulled_by, with_jvp, with_vjp


def overwritten(params, ids, dy):
    """The last of equal ids wins."""
    return params._replace(table=jnp.zeros_like(params.table).at[ids].set(dy)), None


def by_clipped_id(params, ids, dy):
    shifted = jnp.minimum(ids + 1, params.table.shape[0] - 1)
    return params._replace(table=jnp.zeros_like(params.table).at[shifted].add(dy)), None


def wrapped(params, ids, dy):
    """NumPy's negative indices: -1 is the last row."""
    return params._replace(table=jnp.zeros_like(params.table).at[ids].add(dy)), None


def clipped(params, ids, dy):
    """An id beyond the table adds to its last row."""
    at = params.table.at[jnp.clip(ids, 0, params.table.shape[0] - 1)]
    return params._replace(table=at.add(dy) - params.table), None


def tangent_of_clipped(params, ids, tparams, tx):
    return jnp.take(tparams.table, ids, axis=0, mode="clip")


MUTANTS = (
    Mutant("duplicate ids overwrite", "embedding", with_vjp(overwritten)),
    Mutant("ids off by one", "embedding", with_vjp(by_clipped_id)),
    Mutant("negative ids wrap", "embedding/outside", with_vjp(wrapped)),
    Mutant("ids beyond the table clip", "embedding/outside", with_vjp(clipped)),
    Mutant("ids outside clip", "embedding/outside", with_jvp(tangent_of_clipped), "jvp"),
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
