"""Mistakes in normalisation; several are invisible near mean 0, variance 1 or scale 1."""

import jax.numpy as jnp
from jax import lax

from fbp.layers.batch_norm import FixedResiduals
from fbp.layers.norm import NormResiduals, affine_vjp
from fbp.proof.mutants.mutant import Mutant, after_vjp, before_jvp, before_vjp, with_vjp


def constants(params, res, dy):
    """Mean and variance taken as numbers that do not depend on x."""
    return affine_vjp(params, res.xhat, dy), res.inverse_std * params.scale * dy


def mean_twice(params, res, dy):
    g = params.scale * dy
    mean = jnp.mean(g, -1, keepdims=True)
    along = res.xhat * jnp.mean(g * res.xhat, -1, keepdims=True)
    return affine_vjp(params, res.xhat, dy), res.inverse_std * (g - 2 * mean - along)


def along_forgotten(params, res, dy):
    g = params.scale * dy
    dx = res.inverse_std * (g - jnp.mean(g, -1, keepdims=True))
    return affine_vjp(params, res.xhat, dy), dx


def as_layer_norm(params, res, dy):
    g = params.scale * dy
    along = res.xhat * jnp.mean(g * res.xhat, -1, keepdims=True)
    dx = res.inverse_std * (g - jnp.mean(g, -1, keepdims=True) - along)
    return affine_vjp(params, res.xhat, dy), dx


def inverted_again(params, res, *rest):
    """1 / sqrt of what already is 1 / std: the same where the variance is 1."""
    return params, res._replace(inverse_std=lax.rsqrt(res.inverse_std)), *rest


def scale_forgotten(params, res, dy):
    return params._replace(scale=jnp.ones_like(params.scale)), res, dy


def last_place_only(dparams, dx):
    return dparams._replace(bias=dx.reshape(-1, dx.shape[-1])[-1]), dx


def mean_over_places(params, res, dy):
    g = (params.scale * dy).reshape(res.x.shape)
    along = res.xhat * jnp.mean(g * res.xhat, 1, keepdims=True)
    dx = res.inverse_std * (g - jnp.mean(g, 1, keepdims=True) - along)
    return affine_vjp(params, res.xhat.reshape(dy.shape), dy), dx.reshape(dy.shape)


def as_in_training(params, res, dy):
    return params, NormResiduals(*res), dy


def as_in_evaluation(params, res, dy):
    return params, FixedResiduals(*res), dy


MUTANTS = (
    Mutant("statistics as constants", "layer_norm/rank2", with_vjp(constants)),
    Mutant("mean(dy scale) subtracted twice", "layer_norm/rank4", with_vjp(mean_twice)),
    Mutant("xhat mean(dy xhat) forgotten", "layer_norm/rank2", with_vjp(along_forgotten)),
    Mutant("rsqrt of the inverse std", "layer_norm/rank2", before_vjp(inverted_again)),
    Mutant(
        "rsqrt of the inverse std in the jvp",
        "layer_norm/rank4",
        before_jvp(inverted_again),
        "jvp",
    ),
    Mutant("scale forgotten in dx", "layer_norm/rank2", before_vjp(scale_forgotten)),
    Mutant("bias of the last place", "layer_norm/rank4", after_vjp(last_place_only)),
    Mutant("a mean that is not there", "rms_norm/rank3", with_vjp(as_layer_norm)),
    Mutant("mean over places, not over groups", "group_norm/rank4", with_vjp(mean_over_places)),
    Mutant("statistics as constants", "batch_norm/rank4", before_vjp(as_in_evaluation)),
    Mutant("statistics as in training", "batch_norm/evaluation", before_vjp(as_in_training)),
    Mutant("rsqrt of the inverse std", "batch_norm/evaluation", before_vjp(inverted_again)),
)
