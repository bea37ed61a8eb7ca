"""Mistakes in windows."""

import jax.numpy as jnp

from fbp.proof.mutants.mutant import Mutant, after_vjp, before_vjp


def ties_duplicate(layer):
    """Every entry that equals the maximum gets the whole cotangent: seen on ties alone."""

    def up(a):
        return jnp.repeat(jnp.repeat(a, 2, axis=1), 3, axis=2)

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params, state, x, ctx)
        return y, state, (res, x == up(y))

    return layer._replace(
        forward=forward,
        jvp=lambda p, res, tp, tx: layer.jvp(p, res[0], tp, tx),
        vjp=lambda p, res, dy: ((), jnp.where(res[1], up(dy), 0)),
    )


def another_entry(params, res, dy):
    index, x = res
    return params, ((index + 1) % 6, x), dy


MUTANTS = (
    Mutant("ties duplicate the gradient", "max_pool", ties_duplicate),
    Mutant("the entry after the largest", "max_pool", before_vjp(another_entry)),
    Mutant(
        "the last row of windows dropped",
        "max_pool/overlapping",
        before_vjp(lambda p, res, dy: (p, res, dy.at[:, -1].set(0))),
    ),
    Mutant(
        "not divided by the window's size",
        "avg_pool",
        after_vjp(lambda dparams, dx: (dparams, 6 * dx)),
    ),
    Mutant(
        "mean applied twice",
        "global_avg_pool",
        after_vjp(lambda dparams, dx: (dparams, dx / 12)),
    ),
    Mutant(
        "all to the first place",
        "global_avg_pool",
        after_vjp(lambda dparams, dx: (dparams, jnp.zeros_like(dx).at[:, 0].set(dx[:, 0]))),
    ),
)
