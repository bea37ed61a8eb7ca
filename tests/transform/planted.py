"""What transformations are tried on, and what they are compared with.

What is expected is put together from the Jacobians and the Hessian of the plain forward function
alone, so that nothing but the function under test goes through the transformation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from fbp import Context, Layer, as_jax
from fbp.compose.parts import spec
from fbp.compose.precision import cast
from fbp.proof.cases.case import Case
from fbp.proof.rule import floats

VJP, JVP = 2.0, 3.0  # what a planted rule is wrong by


class Point(NamedTuple):
    """Vectors of the floating leaves of params and x, tangents for them, a cotangent for y."""

    p: jax.Array
    x: jax.Array
    tp: jax.Array
    tx: jax.Array
    dy: jax.Array


class Truth(NamedTuple):
    """jacobians: (2, outputs, params and x) at the two `stacked` points. shared: the same, both at
    the first point's params. hessian: (params and x, params and x) of <dy, y>."""

    jacobians: jax.Array
    shared: jax.Array
    hessian: jax.Array


Function = Callable[[jax.Array, jax.Array], jax.Array]


def planted(layer: Layer) -> Layer:
    """The same layer, whose gradients are twice and whose tangents are three times too large."""

    def scaled(factor, rule):
        return lambda *args: jax.tree.map(lambda a: factor * a, rule(*args))

    return layer._replace(jvp=scaled(JVP, layer.jvp), vjp=scaled(VJP, layer.vjp))


def functions(case: Case) -> tuple[Point, Function, Function]:
    """(point, as_jax of the planted layer, the layer's plain forward), in float64."""
    init_key, x_key, ctx_key, draw_key = jax.random.split(jax.random.key(0), 4)
    x = case.inputs(x_key, jnp.float64)
    init = jax.jit(lambda key: cast(case.layer.init(key, spec(x)), jnp.float64))
    params, state = init(init_key)
    ctx = Context(ctx_key, case.train)
    (p, params_of), (xs, x_of) = (ravel_pytree(floats(t).leaves) for t in (params, x))
    p, xs = p.astype(jnp.float64), xs.astype(jnp.float64)  # an empty tree ravels to float32

    def on_vectors(f):
        def g(p, v):
            y = f(floats(params).values(params_of(p)), floats(x).values(x_of(v)))
            return ravel_pytree(y)[0]

        return g

    def plain(params, x):
        return case.layer.forward(params, state, x, ctx)[0]

    n, m, k = p.size, xs.size, jax.eval_shape(on_vectors(plain), p, xs).size
    drawn = jax.random.normal(draw_key, (n + m + k,), jnp.float64)
    point = Point(p, xs, drawn[:n], drawn[n : n + m], drawn[n + m :])
    return point, on_vectors(as_jax(planted(case.layer), state, ctx)), on_vectors(plain)


def truth(g: Function, at: Point) -> Truth:
    """By autodiff of the forward function."""

    def jacobian(p, x):
        return jnp.concatenate(jax.jacrev(g, (0, 1))(p, x), axis=-1)

    f, v, _ = joined(weighted(g, at), at)
    ps, xs = stacked(at)
    shared = jax.vmap(jacobian, (None, 0))(at.p, xs)
    return Truth(jax.vmap(jacobian)(ps, xs), shared, jax.hessian(f)(v))


def weighted(g: Function, at: Point) -> Function:
    """<dy, y>: a scalar that is linear in y."""
    return lambda p, x: at.dy @ g(p, x)


def joined(g: Function, at: Point) -> tuple[Callable, jax.Array, jax.Array]:
    """g of one vector (params, x), the vector, its tangent."""
    n = at.p.size
    v, t = (jnp.concatenate(pair) for pair in ((at.p, at.x), (at.tp, at.tx)))
    return lambda v: g(v[:n], v[n:]), v, t


def stacked(at: Point) -> tuple[jax.Array, jax.Array]:
    """Two points for vmap and scan: this one, and one beside it."""
    return jnp.stack([at.p, at.p + 0.01 * at.tp]), jnp.stack([at.x, at.x + 0.01 * at.tx])


def tangent(at: Point) -> jax.Array:
    return jnp.concatenate([at.tp, at.tx])


def tangent_of_params(at: Point) -> jax.Array:
    return jnp.concatenate([at.tp, jnp.zeros_like(at.tx)])


def split(rows: jax.Array, at: Point) -> tuple[jax.Array, jax.Array]:
    """(..., params and x) -> (..., params), (..., x)."""
    return rows[..., : at.p.size], rows[..., at.p.size :]


def error(found, expected) -> float:
    """The largest difference, relative to the largest entry of its leaf, or to 1e-3 if larger."""
    errors = [0.0]
    for f, e in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        scale = max(np.max(np.abs(e), initial=0.0), 1e-3)
        errors.append(float(np.max(np.abs(np.asarray(f) - np.asarray(e)), initial=0.0) / scale))
    return max(errors)
