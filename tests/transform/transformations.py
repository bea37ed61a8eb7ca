"""JAX's transformations of a function g(params, x) -> y on vectors, and what each must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from fbp.layer import PyTree
from tests.transform.planted import (
    JVP,
    VJP,
    Function,
    Point,
    Truth,
    joined,
    split,
    stacked,
    tangent,
    tangent_of_params,
    weighted,
)


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
