"""Mistakes in affine maps, maxima and dropout."""

import jax
import jax.numpy as jnp

from fbp.layers.dense import DenseParams, dense_vjp, sum_rows
from fbp.proof.mutants.mutant import (
    Mutant,
    after_vjp,
    before_jvp,
    before_vjp,
    with_jvp,
    with_vjp,
)


def bias_of_one_example(params, x, dy):
    """What a missing sum over the batch leaves after broadcasting."""
    rows = x.reshape(-1, x.shape[-1])
    drows = dy.reshape(-1, dy.shape[-1])
    return params._replace(weight=rows.T @ drows, bias=drows[0]), dy @ params.weight.T


def backward_of_rank_2(params, x, dy):
    """Right for a matrix of examples; for more batch axes it sees the first only."""
    rows, drows = x.reshape(-1, *x.shape[-2:])[0], dy.reshape(-1, *dy.shape[-2:])[0]
    return params._replace(weight=rows.T @ drows), dy @ params.weight.T


def weight_summed_in_its_dtype(params, x, dy):
    """dW summed example by example in the inputs' dtype: wrong for many of bfloat16 alone."""

    def add(i, total):
        return total + jnp.outer(x[i], dy[i])

    dweight = jax.lax.fori_loop(0, x.shape[0], add, jnp.zeros_like(params.weight))
    return DenseParams(dweight, sum_rows(dy)), dy @ params.weight.T


def bias_summed_in_its_dtype(params, x, dy):
    right, dx = dense_vjp(params, x, dy)
    dbias, _ = jax.lax.scan(lambda total, row: (total + row, None), jnp.zeros_like(dy[0]), dy)
    return right._replace(bias=dbias), dx


def mask_drawn_again(params, res, dy):
    keep = jax.random.bernoulli(jax.random.key(7), 0.6, res.keep.shape)
    return params, res._replace(keep=keep), dy


def every_piece(params, res, dy):
    x, _ = res
    dz = jnp.repeat(dy, params.bias.size // dy.shape[-1], axis=-1)
    rows, drows = x.reshape(-1, x.shape[-1]), dz.reshape(-1, dz.shape[-1])
    return params._replace(weight=rows.T @ drows, bias=drows.sum(0)), dz @ params.weight.T


MUTANTS = (
    Mutant("bias gradient not summed over the batch", "dense", with_vjp(bias_of_one_example)),
    Mutant(
        "dx by a weight with its axes reversed",
        "dense",
        before_vjp(lambda p, x, dy: (p._replace(weight=p.weight[::-1, ::-1]), x, dy)),
    ),
    Mutant(
        "weight gradient from inputs without their last example",
        "dense",
        before_vjp(lambda p, x, dy: (p, x.at[-1].set(0), dy)),
    ),
    Mutant("dW accumulated in bfloat16", "dense/long", with_vjp(weight_summed_in_its_dtype)),
    Mutant("db accumulated in bfloat16", "dense/long", with_vjp(bias_summed_in_its_dtype)),
    Mutant(
        "weight gradient of absolute inputs",
        "dense",
        before_vjp(lambda p, x, dy: (p, abs(x), dy)),
    ),
    Mutant(
        "jvp without the weight's tangent",
        "dense",
        before_jvp(lambda p, x, tp, tx: (p, x, tp._replace(weight=0 * tp.weight), tx)),
        "jvp",
    ),
    Mutant(
        "jvp with the bias instead of its tangent",
        "dense",
        before_jvp(lambda p, x, tp, tx: (p, x, tp._replace(bias=p.bias), tx)),
        "jvp",
    ),
    Mutant("backward for matrices only", "dense/no_bias", with_vjp(backward_of_rank_2)),
    Mutant("every piece gets the gradient", "maxout", with_vjp(every_piece)),
    Mutant(
        "the piece after the largest",
        "maxout/pieces3",
        before_vjp(lambda p, res, dy: (p, (res[0], (res[1] + 1) % 3), dy)),
    ),
    Mutant("mask drawn again in the backward", "dropout", before_vjp(mask_drawn_again)),
    Mutant(
        "kept units not scaled up", "dropout", after_vjp(lambda dparams, dx: (dparams, 0.6 * dx))
    ),
    Mutant("mask forgotten", "dropout", with_vjp(lambda p, res, dy: ((), res.scale * dy))),
    Mutant(
        "mask forgotten in the jvp",
        "dropout",
        with_jvp(lambda p, res, tp, tx: res.scale * tx),
        "jvp",
    ),
    Mutant(
        "evaluation scaled like training",
        "dropout/evaluation",
        after_vjp(lambda dparams, dx: (dparams, dx / 0.6)),
    ),
    Mutant(
        "cotangent flattened in another order",
        "flatten",
        with_vjp(lambda p, res, dy: ((), dy.reshape(res.shape[:0:-1]).T)),
    ),
)
