"""Mistakes in convolutions and gates."""

import jax.numpy as jnp

from fbp.layers import conv
from fbp.proof.mutants.mutant import Mutant, before_vjp, pulled_by


def kernel_not_flipped(params, res, dy):
    return params._replace(weight=params.weight[::-1, ::-1]), res, dy


def halves_swapped(params, res, dy):
    x, zu = res
    return params, (x, jnp.roll(zu, zu.shape[-1] // 2, axis=-1)), dy


MUTANTS = (
    Mutant("the kernel is not flipped", "conv", before_vjp(kernel_not_flipped)),
    Mutant(
        "dilation forgotten in the padding",
        "conv/dilation",
        pulled_by(conv(2, (2, 2), dilation=(2, 3), padding=((0, 2), (0, 3)))),
    ),
    Mutant(
        "padding on the other side",
        "conv/padding",
        pulled_by(conv(2, (3, 3), padding=((2, 0), (1, 3)))),
    ),
    Mutant("gate and value swapped", "glu", before_vjp(halves_swapped)),
)
