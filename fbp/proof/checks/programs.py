"""Group 7: the same function however it is run."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose import remat, serial
from fbp.proof.cases.case import Case
from fbp.proof.checks.autodiff import outputs
from fbp.proof.finding import Finding, compare, measured
from fbp.proof.point import Point, rule_at
from fbp.proof.rule import Rule, compiled, path_name, program
from fbp.proof.sample import Sample

BOUND = 1e-12  # of the largest entry, in float64: the compiler may reorder sums
LANES = 3


def jit_is_eager(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """Operation by operation gives what the compiled rules gave."""
    eager = rule_at(case.layer, point)
    targs, dys = jax.tree.map(jnp.asarray, (s.targs, s.dys))
    yield from compare("jit = eager, jvp", outputs(s.ys), eager.push(s.args, targs), s.tys, BOUND)
    yield from compare("jit = eager, vjp", rule.names, eager.pull(s.args, dys), s.dargs, BOUND)


def two_calls_are_identical(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """The same arguments give the same bits."""
    again = (*rule.push(s.args, s.targs), *rule.pull(s.args, s.dys))
    for name, a, b in zip((*outputs(s.ys), *rule.names), again, (*s.tys, *s.dargs), strict=True):
        differ = np.asarray(a).tobytes() != np.asarray(b).tobytes()
        yield measured("twice gives the same bits", name, differ, 0.0, "the second call differs")


def vmap_is_a_loop(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """Batched over parameters, input and directions, and rematerialised: as one call after the
    other of the plain rules."""
    plain = rule_at(remat(case.layer), point)

    def sweep(args, targs, dys):
        return plain.push(args, targs), plain.pull(args, dys)

    factors = [1.0, 0.5, 1.5][:LANES]
    args, targs, dys = (
        [tuple(f * np.asarray(a) for a in arrays) for f in factors]
        for arrays in (s.args, s.targs, s.dys)
    )
    stacked = [jax.tree.map(lambda *a: np.stack(a), *lanes) for lanes in (args, targs, dys)]
    together = program(jax.vmap(sweep))(*stacked)
    loop = [(rule.push(a, t), rule.pull(a, d)) for a, t, d in zip(args, targs, dys, strict=True)]
    tys, dargs = jax.tree.map(lambda *a: np.stack(a), *loop)
    yield from compare("vmap, remat = loop, jvp", outputs(s.ys), together[0], tys, BOUND)
    yield from compare("vmap, remat = loop, vjp", rule.names, together[1], dargs, BOUND)


def repeat_is_serial(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """One scan over stacked parameters, and the same layers written one after the other."""
    if not case.layer.name.startswith("repeat("):
        return
    part = case.layer.parts[0]
    count, n = part.times, sum(name.startswith("params") for name in rule.names)

    def unstacked(tree):
        return tuple(jax.tree.map(lambda a, i=i: np.asarray(a)[i], tree) for i in range(count))

    def apart(arrays):
        return tuple(np.asarray(a)[i] for i in range(count) for a in arrays[:n]) + arrays[n:]

    def stacked(arrays):
        own = arrays[: n * count]
        return tuple(np.stack(own[j::n]) for j in range(n)) + arrays[n * count :]

    written_out = serial(*[part.layer] * count)
    params, state = unstacked(point.params), unstacked(point.state)
    plain = compiled(rule_at(written_out, point._replace(params=params, state=state)))
    tys = plain.push(apart(s.args), apart(s.targs))
    dargs = stacked(plain.pull(apart(s.args), s.dys))
    yield from compare("repeat = serial, jvp", outputs(s.ys), s.tys, tys, BOUND)
    yield from compare("repeat = serial, vjp", rule.names, s.dargs, dargs, BOUND)


def signatures_are_stable(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """The new state can be fed back without compiling again: same shape, dtype and weak type."""
    new = jax.eval_shape(lambda *args: case.layer.forward(*args)[1], *point)
    old = jax.eval_shape(lambda state: state, point.state)
    changed = [
        path_name(path)
        for (path, a), b in zip(
            jax.tree_util.tree_leaves_with_path(old), jax.tree.leaves(new), strict=True
        )
        if (a.shape, a.dtype, a.weak_type) != (b.shape, b.dtype, b.weak_type)
    ]
    detail = f"the state changes its signature at {', '.join(changed)}"
    yield measured("one compilation", "state", len(changed), 0.0, detail)
