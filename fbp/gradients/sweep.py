"""What modes of many passes share: parameters as one vector, directions in chunks.

Directions are made inside the sweep, `chunk` at a time, so that memory stays at `chunk` copies of
the parameters however many directions there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from fbp.gradients.evaluation import GradientError
from fbp.layer import Context, PyTree


def flat(params: PyTree) -> tuple[jax.Array, Callable[[jax.Array], PyTree]]:
    """(vector of all parameters, its inverse). Raises GradientError without parameters."""
    vector, unflatten = ravel_pytree(params)
    if not vector.size:
        raise GradientError("there is nothing to differentiate: the model has no parameters")
    return vector, unflatten


def map_basis(slope: Callable[[jax.Array], jax.Array], n: int, chunk: int) -> jax.Array:
    """[slope(0), ..., slope(n - 1)], vmapped over `chunk` indices at a time."""
    chunk = min(require_positive("chunk", chunk), n)
    starts = jnp.arange(0, math.ceil(n / chunk) * chunk, chunk)
    slopes = jax.lax.map(lambda start: jax.vmap(slope)(start + jnp.arange(chunk)), starts)
    return slopes.reshape(-1)[:n]


def mean_of_draws(
    estimate: Callable[[jax.Array], jax.Array], key: jax.Array, draws: int, chunk: int
) -> jax.Array:
    """mean over i < draws of estimate(fold_in(key, i)), summed `chunk` draws at a time."""
    chunk = min(require_positive("chunk", chunk), draws)

    def one(i):
        return jnp.where(i < draws, estimate(jax.random.fold_in(key, i)), 0)

    def add(total, start):
        return total + jnp.sum(jax.vmap(one)(start + jnp.arange(chunk)), axis=0), None

    first = jnp.zeros_like(jax.eval_shape(one, 0))
    total, _ = jax.lax.scan(add, first, jnp.arange(0, math.ceil(draws / chunk) * chunk, chunk))
    return total / draws


def one_hot(i: jax.Array, like: jax.Array) -> jax.Array:
    """Basis vector i of the shape and dtype of `like`; zeros beyond its end."""
    return (jnp.arange(like.size) == i).astype(like.dtype)


def draw_key(mode: str, ctx: Context) -> jax.Array:
    """The key a mode draws from, apart from the layers' keys. Raises GradientError without one."""
    if ctx.key is None:
        raise GradientError(f"{mode} draws directions: pass Context(key=jax.random.key(0))")
    return jax.random.fold_in(ctx.key, 0x5EED)


def require_positive(option: str, value: int) -> int:
    """`value`, or a GradientError if it is below 1."""
    if value < 1:
        raise GradientError(f"{option} must be at least 1, got {value}")
    return value
