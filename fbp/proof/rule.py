"""A function and its two hand-written linear maps, on plain tuples of arrays.

Every check sees only this, so that layers, losses, objectives and a user's own functions are
proved in the same way. Leaves that have no gradient (integers, keys, state) are closed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Context, Layer, LayerError, PyTree, dual, pull, push

Arrays = tuple[Any, ...]  # JAX's or NumPy's


class Rule(NamedTuple):
    """value(args) -> ys; push(args, targs) -> tys; pull(args, dys) -> dargs: tuples of arrays.

    args: the point the rule is proved at. names: what each of args is called in a report.
    dual(args, targs) -> ys, tys in one sweep, or None.
    has_push: False for a function that forward mode does not get through, whose push must not run.
    """

    name: str
    names: tuple[str, ...]
    args: Arrays
    value: Callable[[Arrays], Arrays]
    push: Callable[[Arrays, Arrays], Arrays]
    pull: Callable[[Arrays, Arrays], Arrays]
    dual: Callable[[Arrays, Arrays], tuple[Arrays, Arrays]] | None = None
    has_push: bool = True


class Floats(NamedTuple):
    """The floating leaves of a tree, by path.

    values(leaves) is the tree with these floating leaves; tangents(leaves) has None for every
    leaf that is not floating, as tangents and cotangents do.
    """

    names: tuple[str, ...]
    leaves: Arrays
    values: Callable[[Arrays], PyTree]
    tangents: Callable[[Arrays], PyTree]


def of_layer(layer: Layer, params: PyTree, state: PyTree, x: PyTree, ctx: Context) -> Rule:
    """The layer's own rules at (params, x); state and context are fixed."""
    names, args, values, tangents = floats({"params": params, "x": x})

    def forward(args):
        tree = values(args)
        y, _, res = layer.forward(tree["params"], state, tree["x"], ctx)
        return tree["params"], y, res

    def value(args):
        return floats(forward(args)[1]).leaves

    def push_(args, targs):
        params, _, res = forward(args)
        t = tangents(targs)
        return floats(push(layer, params, res, t["params"], t["x"])).leaves

    def pull_(args, dys):
        params, y, res = forward(args)
        dparams, dx = pull(layer, params, res, floats(y).tangents(dys))
        return by_name({"params": dparams, "x": dx}, names)

    def dual_(args, targs):
        tree, t = values(args), tangents(targs)
        y, _, ty = dual(layer, tree["params"], state, tree["x"], ctx, t["params"], t["x"])
        return floats(y).leaves, floats(ty).leaves

    return Rule(layer.name, names, args, value, push_, pull_, dual_)


def autodiff(rule: Rule) -> Callable[[Arrays, Arrays, Arrays], tuple[Arrays, Arrays, Arrays]]:
    """(args, targs, dys) -> ys, tys, dargs by JAX's forward and reverse mode, as one program."""

    def by_jax(args, targs, dys):
        ys, tys = jax.jvp(rule.value, (args,), (targs,))
        return ys, tys, jax.vjp(rule.value, args)[1](dys)[0]

    return program(by_jax)


def everything(rule: Rule) -> Callable[[Arrays, Arrays, Arrays], tuple[Arrays, Arrays, Arrays]]:
    """(args, targs, dys) -> ys, tys, dargs by the rule itself."""
    return lambda args, targs, dys: (
        rule.value(args),
        rule.push(args, targs),
        rule.pull(args, dys),
    )


def compiled(rule: Rule) -> Rule:
    """The same rule as two programs, one for all that goes forward and one for the vjp."""

    @program
    def sweep(args, targs):
        tys = rule.push(args, targs) if rule.has_push else ()
        return rule.value(args), tys, rule.dual and rule.dual(args, targs)

    return rule._replace(
        value=lambda args: sweep(args, args)[0],
        push=lambda args, targs: sweep(args, targs)[1],
        pull=program(rule.pull),
        dual=rule.dual and (lambda args, targs: sweep(args, targs)[2]),
    )


def program(f: Callable) -> Callable:
    """f compiled with little optimisation: a proof compiles much, and runs it a few times."""
    options = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(f, compiler_options=options)


def floats(tree: PyTree) -> Floats:
    """The floating leaves of a tree of arrays."""
    paths, treedef = jax.tree_util.tree_flatten_with_path(tree)
    chosen = [is_floating(leaf) for _, leaf in paths]

    def values(leaves):
        new = iter(leaves)
        return jax.tree.unflatten(
            treedef, [next(new) if c else leaf for c, (_, leaf) in zip(chosen, paths, strict=True)]
        )

    def tangents(leaves):
        new = iter(leaves)
        return jax.tree.unflatten(treedef, [next(new) if c else None for c in chosen])

    named = [(path_name(p), leaf) for c, (p, leaf) in zip(chosen, paths, strict=True) if c]
    return Floats(tuple(n for n, _ in named), tuple(a for _, a in named), values, tangents)


def by_name(gradient: PyTree, names: tuple[str, ...]) -> Arrays:
    """The gradient's leaves at these paths. Raises LayerError where it has none."""
    found = {path_name(p): a for p, a in jax.tree_util.tree_flatten_with_path(gradient)[0]}
    for name in names:
        if name not in found:
            raise LayerError(f"vjp gives no gradient for {name}; it gives {', '.join(found)}")
    return tuple(found[name] for name in names)


def path_name(path) -> str:
    """A pytree path in words: params/hidden/weight."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def is_floating(leaf) -> bool:
    """Whether the leaf is an array of real (or, in a complex step, complex) numbers."""
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.inexact)
