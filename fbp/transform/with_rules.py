"""A function that JAX differentiates with two given rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero, zero_from_primal

from fbp.compose.parts import same_shape, spec
from fbp.layer import LayerError, PyTree
from fbp.transform.linear_map import Directions, linear_map, vary, varying_axes


def with_rules(
    name: str,
    forward: Callable[..., tuple[PyTree, PyTree, PyTree]],
    push: Callable[..., PyTree],
    pull: Callable[..., tuple],
) -> Callable[[tuple, PyTree], tuple[PyTree, PyTree]]:
    """f(operand, constants) -> y, aux, from

    forward(operand, constants) -> y, aux, res
    push(params, res, *toperand) -> ty             what JAX's forward mode runs
    pull(params, res, dy) -> doperand              what JAX's reverse mode runs

    operand: a tuple whose first entry is params. aux has no derivative. Leaves of the operand that
    do not move are never pulled back to. f raises LayerError where a constant moves, and where a
    rule returns other shapes or dtypes than the tangent or the cotangent has.
    """

    @jax.custom_jvp
    def f(operand, constants):
        y, aux, _ = forward(operand, constants)
        return y, aux

    def f_jvp(primals, tangents):
        operand, constants = primals
        toperand, tconstants = tangents
        if any(moves(t) for t in jax.tree.leaves(tconstants)):
            raise LayerError(
                f"{name} has no derivative in state, context or batch: differentiate params and "
                "layer inputs alone, or put jax.lax.stop_gradient around the others"
            )
        y, aux, res = forward(operand, constants)
        taux = jax.tree.map(partial(zero_from_primal, symbolic_zeros=True), aux)
        return (ruled(y, operand, res), aux), (tangent(y, operand, res, toperand), taux)

    @jax.custom_jvp
    def ruled(y, operand, res):
        """y, whose next derivative is the rules' too, not that of the operations in forward."""
        return y

    def ruled_jvp(primals, tangents):
        y, operand, res = primals
        return ruled(y, operand, res), tangent(y, operand, res, tangents[1])

    def tangent(y, operand, res, toperand):
        """ty, as the linear map that runs push one way and pull the other."""
        slots, tree = jax.tree.flatten(toperand)
        point, point_tree = jax.tree.flatten((operand[0], res))
        ys, y_tree = jax.tree.flatten(y)
        axes = varying_axes((y, operand))
        moving = [moves(slot) for slot in slots]
        moved = [vary(slot, axes) for slot, m in zip(slots, moving, strict=True) if m]
        # Integer leaves have the tangent type float0: their tangent and cotangent are None.
        zeros = [None if s.dtype == jax.dtypes.float0 else (s.shape, s.dtype) for s in slots]
        y_specs, t_specs = spec(ys), [jax.ShapeDtypeStruct(*z) for z in zeros if z]

        def push_leaves(point, moved):
            ts = iter(moved)
            full = [
                next(ts) if m else z and vary(jnp.zeros(*z), axes)
                for m, z in zip(moving, zeros, strict=True)
            ]
            params, res = jax.tree.unflatten(point_tree, point)
            ty = jax.tree.leaves(push(params, res, *jax.tree.unflatten(tree, full)))
            same_shape(f"the tangent from the jvp of {name}", y_specs, ty)
            return ty

        def pull_leaves(point, dys):
            params, res = jax.tree.unflatten(point_tree, point)
            dts = jax.tree.leaves(pull(params, res, jax.tree.unflatten(y_tree, dys)))
            same_shape(f"the cotangent from the vjp of {name}", t_specs, dts)
            wanted = [m for m, z in zip(moving, zeros, strict=True) if z]
            return [d for d, w in zip(dts, wanted, strict=True) if w]

        rules = Directions(
            f"jvp of {name}",
            f"vjp of {name}",
            push_leaves,
            pull_leaves,
            inputs=tuple(jax.typeof(t) for t in moved),
            outputs=tuple(jax.typeof(a) for a in ys),
        )
        return jax.tree.unflatten(y_tree, linear_map(rules, point, moved))

    f.defjvp(f_jvp, symbolic_zeros=True)
    ruled.defjvp(ruled_jvp, symbolic_zeros=True)
    return f


def moves(t) -> bool:
    """Whether a tangent is anything but a zero that JAX knows of."""
    return not isinstance(t, SymbolicZero)
