"""`fbp.check`: the proof for a layer or a function of your own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from fbp.compose.precision import cast
from fbp.errors import FbpError
from fbp.layer import Layer
from fbp.proof.cases.case import Case
from fbp.proof.prove import Report, prove_case, prove_rule
from fbp.proof.rule import Arrays, Rule, floats, path_name


class CheckError(FbpError):
    """Rules that are wrong; `report` has everything that was found."""

    def __init__(self, report: Report):
        super().__init__(str(report))
        self.report = report


def check(
    subject: Layer | Callable[..., Any],
    *args: Any,
    train: bool = True,
    kinks: tuple[tuple[float, float], ...] = (),
    low_precision: tuple[str, ...] = ("float32", "bfloat16"),
) -> Report:
    """Proves the derivative rules of a layer, or of a function with rules of its own.

    A Layer takes one example input: check(my_layer, x). Its parameters are drawn at random; train,
    kinks and low_precision are as in a `Case`. Any other callable takes its own example arguments:
    check(f, *args), where f is a jax.custom_vjp, a jax.custom_jvp, or calls one. The rules of the
    first two are compared with autodiff of the plain function inside, all with finite differences.
    Everything is done in float64 besides the lower precisions; use about 200 numbers at most.

    Raises CheckError if anything is wrong. It says which leaf, which test, the worst index with
    both values, and the kind of mistake that fits: a sign, a factor, a missing sum, a transpose.
    """
    if isinstance(subject, Layer):
        if len(args) != 1:
            raise FbpError(f"check({subject.name}, x) takes one example input, got {len(args)}")
        case = Case(
            subject.name,
            subject,
            lambda key, dtype: cast(jax.tree.map(jnp.asarray, args[0]), dtype),
            train,
            kinks,
            low_precision,
        )
        report = prove_case(case)
    else:
        with jax.enable_x64(True):
            rule = of_function(subject, args)
        by_itself = isinstance(subject, jax.custom_vjp | jax.custom_jvp)
        report = prove_rule(rule, against_autodiff=by_itself)
    if report.failures:
        raise CheckError(report)
    return report


def of_function(f: Callable[..., Any], args: tuple[Any, ...]) -> Rule:
    """f's own rules at args, in float64; a custom_vjp has no jvp, and neither has its caller."""
    names, leaves, values, _ = floats(cast(jax.tree.map(jnp.asarray, args), jnp.float64))

    def value_of(g):
        return lambda leaves: floats(g(*values(leaves))).leaves

    value = value_of(f)

    def push(leaves, tleaves):
        return jax.jvp(value, (leaves,), (tleaves,))[1]

    def pull(leaves, dys):
        return jax.vjp(value, leaves)[1](dys)[0]

    def pull_by_hand(leaves, dys):
        assert isinstance(f, jax.custom_vjp)
        assert f.fwd is not None
        assert f.bwd is not None
        y, res = f.fwd(*values(leaves))
        given = f.bwd(res, floats(y).tangents(dys))
        return _by_name(given, names, leaves)

    raw = isinstance(f, jax.custom_vjp) and f.fwd is not None and not f.nondiff_argnums
    return Rule(
        getattr(f, "__name__", type(f).__name__),
        tuple(f"argument {name}" for name in names),
        leaves,
        value_of(getattr(f, "fun", f)),
        push,
        pull_by_hand if raw else pull,
        has_push=_has_jvp(push, leaves),
    )


def _by_name(cotangents: Any, names: tuple[str, ...], leaves: Arrays) -> Arrays:
    """A cotangent for every leaf; None stands for zeros, as in JAX."""
    found = {path_name(p): a for p, a in jax.tree_util.tree_flatten_with_path(cotangents)[0]}
    return tuple(found.get(n, jnp.zeros_like(a)) for n, a in zip(names, leaves, strict=True))


def _has_jvp(push: Callable, leaves: Arrays) -> bool:
    """Whether forward mode gets through; a custom_vjp on the way refuses it with a TypeError."""
    try:
        jax.jit(push).lower(leaves, leaves)
    except TypeError:
        return False
    return True
