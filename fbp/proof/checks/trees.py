"""Group 8: what goes in and out of the rules: structure, shapes, dtypes, residuals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from fbp.compose.parts import show, spec
from fbp.layer import pull
from fbp.proof.cases.case import Case
from fbp.proof.finding import Finding
from fbp.proof.point import Point, at
from fbp.proof.rule import Rule, floats, path_name
from fbp.proof.sample import Sample


def gradient_trees(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """dparams is like params and dx like x, in every dtype; None where there is no gradient."""
    for dtype in ("float64", *case.low_precision):
        p = at(point, case.layer, jnp.dtype(dtype))

        def gradient(params, x, p=p):
            y, _, res = case.layer.forward(params, p.state, x, p.ctx)
            ones = floats(jax.tree.map(jnp.ones_like, y))
            return pull(case.layer, params, res, ones.tangents(ones.leaves))

        dparams, dx = jax.eval_shape(gradient, p.params, p.x)
        yield _same(f"{dtype} dparams", dparams, spec(p.params))
        yield _same(f"{dtype} dx", dx, _cotangent_of(spec(p.x)))


def residuals(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """Residuals are arrays, and none of them is a parameter."""
    kept: list[Any] = []

    def forward(params, x):
        _, _, res = case.layer.forward(params, point.state, x, point.ctx)
        held = {
            id(leaf): path_name(path) for path, leaf in jax.tree_util.tree_leaves_with_path(params)
        }
        kept.extend(
            (path_name(path), leaf, held.get(id(leaf)))
            for path, leaf in jax.tree_util.tree_leaves_with_path(res)
        )
        return res

    jax.eval_shape(forward, point.params, point.x)
    strange = [
        f"{path} is a {type(leaf).__name__}"
        for path, leaf, _ in kept
        if not isinstance(leaf, jax.Array)
    ]
    held = [f"{path} is the parameter {name}" for path, _, name in kept if name]
    yield _found("residuals are arrays", strange)
    yield _found("residuals hold no parameter", held)


def residual_bytes(case: Case, point: Point) -> int:
    """What forward keeps for the rules, in float32."""
    p = at(point, case.layer, jnp.dtype(jnp.float32))
    res = jax.eval_shape(lambda *args: case.layer.forward(*args)[2], *p)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(res))


def _cotangent_of(x):
    """The shape of dx: like x, without what is not floating; None if that is all."""
    leaves = floats(x)
    return leaves.tangents(leaves.leaves) if leaves.leaves else None


def _same(what: str, found, expected) -> Finding:
    problems = []
    structure, wanted = (str(jax.tree.structure(tree)) for tree in (found, expected))
    if structure != wanted:
        problems.append(f"structure {structure}, expected {wanted}")
    elif spec(found) != spec(expected):
        problems.append(f"{show(found)}, expected {show(expected)}")
    return _found(what, problems)


def _found(check: str, problems: list[str]) -> Finding:
    return Finding(check, "all", float(len(problems)), 0.0, "; ".join(problems))
