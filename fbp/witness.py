"""Shapes as residuals, and the tangents and cotangents that are not there.

Residuals are arrays, but some rules need only a shape. An array with a leading axis of length 0
carries the shape and the dtype, and costs no memory.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.layer import PyTree


def witness(x: PyTree) -> PyTree:
    """Empty arrays (0, *shape) that stand for the shapes and dtypes of x's leaves."""
    return jax.tree.map(lambda a: jnp.empty((0, *a.shape), a.dtype), x)


def zero_tangent(x: PyTree) -> PyTree:
    """Zeros for every floating leaf of x, None for the others, which have no tangent."""
    return jax.tree.map(
        lambda a: jnp.zeros(a.shape, a.dtype) if jnp.issubdtype(a.dtype, jnp.floating) else None, x
    )


def zero_tangent_of(witnesses: PyTree) -> PyTree:
    """zero_tangent of the tree that `witness` saw."""
    return zero_tangent(
        jax.tree.map(lambda w: jax.ShapeDtypeStruct(w.shape[1:], w.dtype), witnesses)
    )
