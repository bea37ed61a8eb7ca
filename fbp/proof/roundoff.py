"""How much error rounding may cause: read off the program itself.

Every floating operation rounds once, and a sum of n terms n times, in the precision it
accumulates in. Along the chain of operations that leads to a result, k roundings of unit
round-off u err by about sqrt(k) u relative to the largest numbers there, not k u, since they
are as often up as down. Only the longest chain counts: never how many numbers there are.
Source: Higham & Mary 2019, A new approach to probabilistic rounding error analysis, theorem 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.extend import core

CONFIDENCE = 6.0  # Higham & Mary's lambda: larger errors are rarer than exp(-lambda^2 / 2)
SUMS = {"reduce_sum", "cumsum", "reduce_prod", "cumprod", "cumlogsumexp", "reduce_window_sum"}


def rounding_bounds(fun: Callable, *args, summed: int = 0) -> list[float]:
    """For every output leaf of fun(*args): the relative error that rounding explains.

    summed: terms that are added up besides what fun adds, in float32 or better. A sum in fun is
    taken as it is: one in bfloat16 would explain its own error away.
    """
    closed = jax.make_jaxpr(fun)(*args)
    inputs = [summed * _unit(jnp.float32) ** 2] * len(closed.jaxpr.invars)
    return [CONFIDENCE * math.sqrt(v) for v in _variances(closed.jaxpr, inputs)]


def _variances(jaxpr: core.Jaxpr, inputs: list[float]) -> list[float]:
    """Sum of u^2 over the roundings on the longest chain to each output."""
    known = dict(zip(jaxpr.invars, inputs, strict=True))

    def variance(atom) -> float:
        return 0.0 if isinstance(atom, core.Literal) else known.get(atom, 0.0)

    for eqn in jaxpr.eqns:
        before = [variance(v) for v in eqn.invars]
        for var, after in zip(eqn.outvars, _through(eqn, before), strict=True):
            known[var] = after
    return [variance(v) for v in jaxpr.outvars]


def _through(eqn, before: list[float]) -> list[float]:
    """The variances after one operation."""
    name, params = eqn.primitive.name, eqn.params
    if name == "scan":
        inner = _inner(params["jaxpr"])
        grown = max(_variances(inner, [0.0] * len(inner.invars)), default=0.0)
        return [max(before, default=0.0) + params["length"] * grown] * len(eqn.outvars)
    if name == "cond":
        branches = [_variances(_inner(b), before[1:]) for b in params["branches"]]
        return [max(v) for v in zip(*branches, strict=True)]
    inner = params.get("jaxpr", params.get("call_jaxpr", params.get("fun_jaxpr")))
    if inner is not None and len(_inner(inner).invars) == len(before):
        return _variances(_inner(inner), before)
    worst = max(before, default=0.0)
    return [worst + _cost(eqn, v.aval) for v in eqn.outvars]


def _inner(jaxpr) -> core.Jaxpr:
    return jaxpr.jaxpr if isinstance(jaxpr, core.ClosedJaxpr) else jaxpr


def _cost(eqn, out) -> float:
    """u^2 times the number of roundings on the way to one number of the output."""
    if not hasattr(out, "dtype") or not jnp.issubdtype(out.dtype, jnp.floating):
        return 0.0
    unit = _unit(out.dtype)
    if eqn.primitive.name in ("convert_element_type", "copy", "reshape", "transpose", "select_n"):
        source = eqn.invars[-1].aval
        exact = jnp.issubdtype(source.dtype, jnp.integer) or _unit(source.dtype) >= unit
        return 0.0 if exact else unit**2
    return terms(eqn) * unit**2


def terms(eqn) -> int:
    """How many terms are summed for one number of the output."""
    name, shapes = (
        eqn.primitive.name,
        [v.aval.shape for v in eqn.invars if hasattr(v.aval, "shape")],
    )
    if name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        return math.prod(shapes[0][i] for i in contracted) or 1
    if name == "conv_general_dilated":
        spec = eqn.params["dimension_numbers"].rhs_spec
        return math.prod(shapes[1]) // (shapes[1][spec[0]] or 1) or 1
    if name in SUMS or name.startswith("scatter"):
        given, made = math.prod(shapes[0]), math.prod(eqn.outvars[0].aval.shape)
        return max(given // (made or 1), 1) if not name.startswith("scatter") else shapes[0][0]
    return 1


def _unit(dtype) -> float:
    """Unit round-off: 2^-24 for float32, 2^-8 for bfloat16; 0 for what is not floating."""
    return float(jnp.finfo(dtype).eps) / 2 if jnp.issubdtype(dtype, jnp.floating) else 0.0
