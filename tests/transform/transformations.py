"""JAX's transformations of a function g(params, x) -> y on vectors, and what each must give.

What is expected is put together from the Jacobians and the Hessian of the plain forward function
alone, so that nothing but the function under test goes through the transformation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree

from fbp import Context, Layer, as_jax
from fbp.compose.parts import spec
from fbp.compose.precision import cast
from fbp.layer import PyTree
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
    params, state = cast(case.layer.init(init_key, spec(x)), jnp.float64)
    ctx = Context(ctx_key, case.train)
    (p, params_of), (xs, x_of) = (ravel_pytree(floats(t).leaves) for t in (params, x))
    p, xs = p.astype(jnp.float64), xs.astype(jnp.float64)  # an empty tree ravels to float32

    def on_vectors(f):
        def g(p, v):
            return ravel_pytree(f(floats(params).values(params_of(p)), floats(x).values(x_of(v))))[
                0
            ]

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


def pushed(g, at):
    return jax.jvp(g, (at.p, at.x), (at.tp, at.tx))[1]


def pulled(g, at):
    return jax.vjp(g, at.p, at.x)[1](at.dy)


def gradient(g, at):
    return jax.grad(weighted(g, at), (0, 1))(at.p, at.x)


def gradient_of_params(g, at):
    return jax.grad(weighted(g, at))(at.p, at.x)


def gradient_of_x(g, at):
    return jax.grad(weighted(g, at), 1)(at.p, at.x)


def value_and_gradient(g, at):
    return jax.value_and_grad(weighted(g, at), (0, 1))(at.p, at.x)[1]


def linearized(g, at):
    return jax.linearize(g, at.p, at.x)[1](at.tp, at.tx)


def linearized_transposed(g, at):
    return jax.linear_transpose(jax.linearize(g, at.p, at.x)[1], at.p, at.x)(at.dy)


def jitted_gradient(g, at):
    return gradient(jax.jit(g), at)


def jitted_tangent(g, at):
    return pushed(jax.jit(g), at)


def vmapped_gradient(g, at):
    return jax.vmap(jax.grad(weighted(g, at), (0, 1)))(*stacked(at))


def vmapped_tangent(g, at):
    tangents = (at.tp, at.tx)
    return jax.vmap(lambda p, x: jax.jvp(g, (p, x), tangents)[1])(*stacked(at))


def vmapped_linearized(g, at):
    return jax.vmap(lambda p, x: jax.linearize(g, p, x)[1](at.tp, at.tx))(*stacked(at))


def vmapped_vjp(g, at):
    return jax.vmap(lambda p, x: jax.vjp(g, p, x)[1](at.dy))(*stacked(at))


def gradient_of_vmap(g, at):
    """Parameters that all examples share."""
    xs = stacked(at)[1]
    return jax.grad(lambda p: jnp.sum(jax.vmap(weighted(g, at), (None, 0))(p, xs)))(at.p)


def tangent_of_vmap(g, at):
    xs = stacked(at)[1]
    return jax.jvp(lambda p: jax.vmap(g, (None, 0))(p, xs), (at.p,), (at.tp,))[1]


def jacfwd(g, at):
    return jax.jacfwd(g, (0, 1))(at.p, at.x)


def jacrev(g, at):
    return jax.jacrev(g, (0, 1))(at.p, at.x)


def hessian(g, at):
    f, v, _ = joined(weighted(g, at), at)
    return jax.hessian(f)(v)


def forward_over_reverse(g, at):
    f, v, t = joined(weighted(g, at), at)
    return jax.jvp(jax.grad(f), (v,), (t,))[1]


def reverse_over_reverse(g, at):
    f, v, t = joined(weighted(g, at), at)
    return jax.grad(lambda v: t @ jax.grad(f)(v))(v)


def reverse_over_forward(g, at):
    f, v, t = joined(weighted(g, at), at)
    return jax.grad(lambda v: jax.jvp(f, (v,), (t,))[1])(v)


def forward_over_forward(g, at):
    f, v, t = joined(weighted(g, at), at)
    return jax.jvp(lambda v: jax.jvp(f, (v,), (t,))[1], (v,), (t,))[1]


def scanned(g, at):
    def total(p, xs):
        return lax.scan(lambda s, x: (s + weighted(g, at)(p, x), None), jnp.zeros(()), xs)[0]

    return total


def gradient_of_scan(g, at):
    return jax.grad(scanned(g, at))(at.p, stacked(at)[1])


def tangent_of_scan(g, at):
    return jax.jvp(lambda p: scanned(g, at)(p, stacked(at)[1]), (at.p,), (at.tp,))[1]


def tangent_of_while(g, at):
    def looped(p, x):
        def body(carry):
            i, total = carry
            return i + 1, total + (1 + i) * g(p, x)

        return lax.while_loop(lambda carry: carry[0] < 2, body, (0, jnp.zeros_like(at.dy)))[1]

    return pushed(looped, at)


def branched(g, at):
    return lambda p, x: lax.cond(at.dy[0] < 9, g, lambda p, x: -g(p, x), p, x)


def gradient_of_cond(g, at):
    return gradient(branched(g, at), at)


def tangent_of_cond(g, at):
    return pushed(branched(g, at), at)


def gradient_of_checkpoint(g, at):
    return gradient(jax.checkpoint(g), at)


def tangent_of_checkpoint(g, at):
    return pushed(jax.checkpoint(g), at)


class Transformation(NamedTuple):
    """run(g, point) must give factor * expected(truth, point), where g runs a planted layer.

    factor: that of the rule which runs first.
    """

    run: Callable[[Function, Point], PyTree]
    factor: float
    expected: Callable[[Truth, Point], PyTree]


TRANSFORMATIONS = tuple(
    Transformation(*row)
    for row in (
        (gradient, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (gradient_of_params, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)[0]),
        (gradient_of_x, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)[1]),
        (value_and_gradient, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (pulled, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (pushed, JVP, lambda true, at: true.jacobians[0] @ tangent(at)),
        (linearized, JVP, lambda true, at: true.jacobians[0] @ tangent(at)),
        (linearized_transposed, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (jitted_gradient, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (jitted_tangent, JVP, lambda true, at: true.jacobians[0] @ tangent(at)),
        (vmapped_gradient, VJP, lambda true, at: split(at.dy @ true.jacobians[:2], at)),
        (vmapped_vjp, VJP, lambda true, at: split(at.dy @ true.jacobians[:2], at)),
        (vmapped_tangent, JVP, lambda true, at: true.jacobians[:2] @ tangent(at)),
        (vmapped_linearized, JVP, lambda true, at: true.jacobians[:2] @ tangent(at)),
        (gradient_of_vmap, VJP, lambda true, at: sum(split(at.dy @ true.shared, at)[0])),
        (tangent_of_vmap, JVP, lambda true, at: true.shared @ tangent_of_params(at)),
        (jacfwd, JVP, lambda true, at: split(true.jacobians[0], at)),
        (jacrev, VJP, lambda true, at: split(true.jacobians[0], at)),
        (hessian, VJP, lambda true, at: true.hessian),
        (forward_over_reverse, VJP, lambda true, at: true.hessian @ tangent(at)),
        (reverse_over_reverse, VJP, lambda true, at: true.hessian @ tangent(at)),
        (reverse_over_forward, JVP, lambda true, at: true.hessian @ tangent(at)),
        (forward_over_forward, JVP, lambda true, at: tangent(at) @ true.hessian @ tangent(at)),
        (gradient_of_scan, VJP, lambda true, at: sum(split(at.dy @ true.shared, at)[0])),
        (tangent_of_scan, JVP, lambda true, at: sum(true.shared @ tangent_of_params(at)) @ at.dy),
        (tangent_of_while, JVP, lambda true, at: 3 * true.jacobians[0] @ tangent(at)),
        (gradient_of_cond, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (tangent_of_cond, JVP, lambda true, at: true.jacobians[0] @ tangent(at)),
        (gradient_of_checkpoint, VJP, lambda true, at: split(at.dy @ true.jacobians[0], at)),
        (tangent_of_checkpoint, JVP, lambda true, at: true.jacobians[0] @ tangent(at)),
    )
)


def tangent(at: Point) -> jax.Array:
    return jnp.concatenate([at.tp, at.tx])


def tangent_of_params(at: Point) -> jax.Array:
    return jnp.concatenate([at.tp, jnp.zeros_like(at.tx)])


def split(rows: jax.Array, at: Point) -> tuple[jax.Array, jax.Array]:
    """(..., params and x) -> (..., params), (..., x)."""
    return rows[..., : at.p.size], rows[..., at.p.size :]


def error(found, expected) -> float:
    """The largest difference, relative to the largest entry of each leaf; to 1 for tiny ones."""
    errors = [0.0]
    for f, e in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        scale = max(np.max(np.abs(e), initial=0.0), 1e-3)
        errors.append(float(np.max(np.abs(np.asarray(f) - np.asarray(e)), initial=0.0) / scale))
    return max(errors)
