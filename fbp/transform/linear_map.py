"""A linear map given in both directions, as a JAX primitive.

Forward mode binds it and runs `push`; reverse mode transposes it and runs `pull`. Neither is
derived from the other: jax.custom_vjp has no forward mode, jax.custom_jvp transposes the forward
rule by itself, and jax.custom_derivatives.linear_call cannot be vmapped.

Operands are flat: the leaves of the point where the map was linearised, which it depends on in any
way, then the leaves it is linear in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Leaves = Sequence[jax.Array]


class Directions(NamedTuple):
    """push(point, tangents) -> tangents and its transpose pull(point, cotangents) -> cotangents.

    name: what a jaxpr shows, e.g. "jvp of dense(10)"; transposed_name: the same of `pull`.
    """

    name: str
    transposed_name: str
    push: Callable[[Leaves, Leaves], Leaves]
    pull: Callable[[Leaves, Leaves], Leaves]

    @property
    def T(self) -> Directions:
        return Directions(self.transposed_name, self.name, self.pull, self.push)

    def __repr__(self) -> str:
        return self.name


def linear_map(directions: Directions, point: Leaves, operand: Leaves) -> list[jax.Array]:
    """directions.push(point, operand), whose transpose in `operand` is directions.pull."""
    return linear_map_p.bind(*point, *operand, rule=directions, split=len(point))


def _run(*operands, rule: Directions, split: int):
    return list(rule.push(operands[:split], operands[split:]))


def _abstract_eval(*avals, **params):
    # Tracing, unlike eval_shape, keeps what a type says about meshes.
    return jax.make_jaxpr(lambda *operands: _run(*operands, **params))(*avals).out_avals


def _transpose(cotangents, *operands, rule, split):
    point, operand = operands[:split], operands[split:]
    cotangents = [ad.instantiate_zeros(ct) for ct in cotangents]
    pulled = linear_map(rule.T, point, cotangents)
    wanted = [ad.is_undefined_primal(o) for o in operand]
    return [None] * split + [p if w else None for p, w in zip(pulled, wanted, strict=True)]


def _jvp(primals, tangents, *, rule, split):
    """The product rule: the map at a moving operand, plus the derivative of the map itself.

    The second term is why second derivatives are whole: it differentiates `push` in the point.
    """
    point, operand = primals[:split], primals[split:]
    out = linear_map(rule, point, operand)
    terms = []
    if _moving(tangents[split:]):
        terms.append(linear_map(rule, point, [ad.instantiate_zeros(t) for t in tangents[split:]]))
    if moving := _moving(tangents[:split]):

        def push(*moved):
            at = dict(zip(moving, moved, strict=True))
            return list(rule.push([at.get(i, p) for i, p in enumerate(point)], operand))

        moved, tmoved = [point[i] for i in moving], [tangents[i] for i in moving]
        terms.append(jax.jvp(push, moved, tmoved)[1])
    return out, [ad.add_tangents(*ts) if len(ts) > 1 else ts[0] for ts in zip(*terms, strict=True)]


def _moving(tangents) -> list[int]:
    return [i for i, t in enumerate(tangents) if type(t) is not ad.Zero]


def _batch(axis, operands, dims, *, rule, split):
    """A map for every example; an operand that all examples share collects their cotangents."""
    if all(d is None for d in dims):  # outputs that no example changes must stay unbatched
        out = linear_map(rule, operands[:split], operands[split:])
        return out, [None] * len(out)
    point_dims, operand_dims = tuple(dims[:split]), tuple(dims[split:])

    def mapped(f, in_dims):
        return jax.vmap(
            lambda point, operand: list(f(point, operand)),
            in_axes=(point_dims, in_dims),
            axis_name=axis.name,
            axis_size=axis.size,
            spmd_axis_name=axis.spmd_name,
        )

    def push(point, operand):
        return mapped(rule.push, operand_dims)(tuple(point), tuple(operand))

    def pull(point, cotangents):
        pulled = mapped(rule.pull, 0)(tuple(point), tuple(cotangents))
        return [
            jnp.sum(p, axis=0) if d is None else jnp.moveaxis(p, 0, d)
            for p, d in zip(pulled, operand_dims, strict=True)
        ]

    batched = Directions(rule.name, rule.transposed_name, push, pull)
    out = linear_map(batched, operands[:split], operands[split:])
    return out, [0] * len(out)


linear_map_p = Primitive("linear_map")
linear_map_p.multiple_results = True
linear_map_p.def_impl(_run)
linear_map_p.def_abstract_eval(_abstract_eval)
mlir.register_lowering(linear_map_p, mlir.lower_fun(_run, multiple_results=True))
ad.primitive_transposes[linear_map_p] = _transpose
ad.primitive_jvps[linear_map_p] = _jvp
batching.fancy_primitive_batchers[linear_map_p] = _batch
