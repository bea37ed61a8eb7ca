"""Mistakes in the chain rule."""

import jax
import jax.numpy as jnp

from fbp.layer import pull, push
from fbp.proof.mutants.mutant import Mutant, after_vjp, before_vjp, with_jvp, with_vjp


def skip_forgotten(layer):
    part = layer.parts[0].layer
    return with_vjp(lambda p, res, dy: pull(part, p, res, dy))(layer)


def skip_twice(layer):
    return after_vjp(lambda dparams, dx: (dparams, 2 * dx))(layer)


def skip_forgotten_forward(layer):
    part = layer.parts[0].layer
    return with_jvp(lambda p, res, tp, tx: push(part, p, res, tp, tx))(layer)


def last_branch_only(layer):
    last = layer.parts[-1].layer

    def vjp(params, res, dy):
        dparams, _ = layer.vjp(params, res, dy)
        return dparams, pull(last, params[-1], res[0][-1], dy)[1]

    return layer._replace(vjp=vjp)


def mean_of_branches(layer):
    return after_vjp(lambda dparams, dx: (dparams, dx / len(layer.parts)))(layer)


def halves_swapped(layer):
    """The cotangent of a concatenation split in the order of the other end."""
    return before_vjp(lambda p, res, dy: (p, res, jnp.roll(dy, 1, axis=-1)))(layer)


def order_of_parameters_reversed(layer):
    def change(dparams, dx):
        return jax.tree.map(lambda a: a[::-1], dparams), dx

    return after_vjp(change)(layer)


def forward_order_in_the_backward(layer):
    """The reverse scan that forgot to be one."""
    part = layer.parts[0].layer

    def vjp(params, res, dy):
        def one(dy, inputs):
            p, r = inputs
            dp, dx = pull(part, p, r, dy)
            return dx, dp

        dx, dparams = jax.lax.scan(one, dy, (params, res))
        return dparams, dx

    return layer._replace(vjp=vjp)


def last_layer_dropped(layer):
    def change(dparams, dx):
        return jax.tree.map(lambda a: a.at[-1].set(0), dparams), dx

    return after_vjp(change)(layer)


def another_key_when_recomputing(layer):
    """The mask of the recomputed forward is not the mask of the first."""

    def change(params, res, dy):
        state, x, ctx = res
        return params, (state, x, ctx.child(1)), dy

    return before_vjp(change)(layer)


def recomputed_at_another_input(layer):
    return before_vjp(lambda p, res, dy: (p, (res[0], res[1] / 2, res[2]), dy))(layer)


def segment_recomputed_from_another_input(layer):
    """Every segment is run again from the first one's input."""

    def change(params, res, dy):
        return params, res._replace(x=jnp.broadcast_to(res.x[:1], res.x.shape)), dy

    return before_vjp(change)(layer)


def keys_of_the_segment_reversed(layer):
    def change(params, res, dy):
        ctxs = jax.tree.map(lambda key: key[:, ::-1], res.ctxs)
        return params, res._replace(ctxs=ctxs), dy

    return before_vjp(change)(layer)


def undone_from_another_output(layer):
    """The way back starts where forward did not end."""
    return before_vjp(lambda p, res, dy: (p, res._replace(y=1.01 * res.y), dy))(layer)


def first_part_skipped(layer):
    """The cotangent that leaves the second part is taken for dx."""

    def vjp(params, res, dy):
        dparams, dx = layer.vjp(params, res, dy)
        return jax.tree.map(jnp.zeros_like, (dparams[0],)) + dparams[1:], dx

    return layer._replace(vjp=vjp)


MUTANTS = (
    Mutant("the skip is forgotten", "residual", skip_forgotten),
    Mutant("the skip counts twice", "residual", skip_twice),
    Mutant("the skip is forgotten in the jvp", "residual", skip_forgotten_forward, "jvp"),
    Mutant("dx of the last branch only", "parallel/sum", last_branch_only),
    Mutant("mean of the branches", "parallel/sum", mean_of_branches),
    Mutant("cotangent split at the wrong places", "parallel/concat", halves_swapped),
    Mutant("gradients in reverse order of depth", "repeat", order_of_parameters_reversed),
    Mutant("cotangents in forward order", "repeat", forward_order_in_the_backward),
    Mutant("the deepest layer does not learn", "repeat", last_layer_dropped),
    Mutant("another mask when recomputing", "remat/dropout", another_key_when_recomputing),
    Mutant("recomputed at another input", "remat", recomputed_at_another_input),
    Mutant(
        "segments recomputed from the first input",
        "repeat/every_k",
        segment_recomputed_from_another_input,
    ),
    Mutant("masks of a segment reversed", "repeat/every_k", keys_of_the_segment_reversed),
    Mutant("undone from another output", "repeat/reversible", undone_from_another_output),
    Mutant("the first part does not learn", "serial/positional", first_part_skipped),
)
