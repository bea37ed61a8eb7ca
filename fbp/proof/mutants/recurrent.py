"""Mistakes in time."""

import jax
import jax.numpy as jnp

from fbp.layers import gru, lstm, rnn
from fbp.proof.mutants.mutant import Mutant, after_vjp, before_vjp, pulled_by


def state_after_for_before(params, res, dy):
    return params, res._replace(before=jnp.roll(res.before, -1, axis=0)), dy


def no_initial_gradient(dparams, dx):
    return dparams, dx._replace(initial=jax.tree.map(jnp.zeros_like, dx.initial))


def padding_learns(params, res, dy):
    return params, res._replace(keep=jnp.ones_like(res.keep)), dy


MUTANTS = (
    Mutant("no gradient through time", "rnn", pulled_by(rnn(4, truncate=1))),
    Mutant("truncated", "lstm", pulled_by(lstm(3, truncate=2))),
    Mutant("truncated", "gru", pulled_by(gru(3, truncate=4))),
    Mutant("the state after the step, not before", "rnn", before_vjp(state_after_for_before)),
    Mutant("initial carry without gradient", "lstm/initial", after_vjp(no_initial_gradient)),
    Mutant("masked steps learn", "rnn/sequence", before_vjp(padding_learns)),
    Mutant("masked steps learn", "lstm/ragged", before_vjp(padding_learns)),
    Mutant(
        "one bias for two",
        "gru",
        after_vjp(lambda dparams, dx: (dparams._replace(bias_h=dparams.bias), dx)),
    ),
)
