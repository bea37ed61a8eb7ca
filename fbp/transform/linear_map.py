"""A linear map given in both directions, as a JAX primitive.

Forward mode binds it and runs `push`; reverse mode transposes it and runs `pull`. Neither is
derived from the other: jax.custom_vjp has no forward mode, jax.custom_jvp transposes the forward
rule by itself, and jax.custom_derivatives.linear_call cannot be vmapped.

Operands are flat: the leaves of the point where the map was linearised, which it depends on in any
way, then the leaves it is linear in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive, unmapped_aval
from jax.interpreters import ad, batching, mlir

Leaves = Sequence[jax.Array]
Types = tuple[Any, ...]  # as jax.typeof gives them: shape, dtype, and what they say about meshes


class Directions(NamedTuple):
    """push(point, tangents) -> tangents and its transpose pull(point, cotangents) -> cotangents.

    name: what a jaxpr shows, e.g. "jvp of dense(10)". inputs, outputs: types of push's tangents.
    Each has a name and types of its own so that a direction is only traced where it runs: the
    other may be missing.
    """

    name: str
    transposed_name: str
    push: Callable[[Leaves, Leaves], Leaves]
    pull: Callable[[Leaves, Leaves], Leaves]
    inputs: Types
    outputs: Types

    @property
    def T(self) -> Directions:
        names = self.transposed_name, self.name
        return Directions(*names, self.pull, self.push, self.outputs, self.inputs)

    def __repr__(self) -> str:
        return self.name


def linear_map(directions: Directions, point: Leaves, operand: Leaves) -> list[jax.Array]:
    """directions.push(point, operand), whose transpose in `operand` is directions.pull."""
    return linear_map_p.bind(*point, *operand, rule=directions, split=len(point))


def _run(*operands, rule: Directions, split: int):
    out = rule.push(operands[:split], operands[split:])
    return [vary(o, t.manual_axis_type.varying) for o, t in zip(out, rule.outputs, strict=True)]


def _abstract_eval(*operands, rule: Directions, split: int):
    return list(rule.outputs)


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

    batched = Directions(
        rule.name,
        rule.transposed_name,
        push,
        pull,
        inputs=tuple(jax.typeof(o) for o in operands[split:]),
        outputs=tuple(
            unmapped_aval(axis.size, 0, a, axis.explicit_mesh_axis) for a in rule.outputs
        ),
    )
    out = linear_map(batched, operands[:split], operands[split:])
    return out, [0] * len(out)


def varying_axes(tree: Any) -> frozenset[str]:
    """The mesh axes over which some leaf differs between the devices of a shard_map."""
    types = [jax.typeof(leaf) for leaf in jax.tree.leaves(tree)]
    return frozenset().union(*(t.manual_axis_type.varying for t in types))


def vary(a: jax.Array, axes: frozenset[str]) -> jax.Array:
    """`a` as a value that varies over all `axes`: what is shared is pulled back as a sum."""
    missing = tuple(axes - jax.typeof(a).manual_axis_type.varying)
    return jax.lax.pcast(a, missing, to="varying") if missing else a


linear_map_p = Primitive("linear_map")
linear_map_p.multiple_results = True
linear_map_p.def_impl(_run)
linear_map_p.def_abstract_eval(_abstract_eval)
mlir.register_lowering(linear_map_p, mlir.lower_fun(_run, multiple_results=True))
ad.primitive_transposes[linear_map_p] = _transpose
ad.primitive_jvps[linear_map_p] = _jvp
batching.fancy_primitive_batchers[linear_map_p] = _batch
