"""What the rules say along random directions at one point, and what autodiff says there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fbp.proof.rule import Arrays, Rule
from fbp.proof.vectors import random_like


class Sample(NamedTuple):
    """args, values ys, a random tangent targs and a random, non-uniform cotangent dys.

    tys, dargs: what the rule makes of them; *_by_autodiff: what JAX makes of them. () where
    there is no such rule, or where JAX would only run the rule itself.
    """

    args: Arrays
    ys: Arrays
    targs: Arrays
    dys: Arrays
    tys: Arrays
    dargs: Arrays
    tys_by_autodiff: Arrays
    dargs_by_autodiff: Arrays


def sample(rule: Rule, truth: Callable | None) -> Sample:
    """What the compiled rule says, and what `truth`, its `autodiff`, says."""
    ys = rule.value(rule.args)
    targs, dys = directions(rule.args, ys)
    tys, dargs = rule.push(rule.args, targs), rule.pull(rule.args, dys)
    by_autodiff = truth(rule.args, targs, dys)[1:] if truth is not None else ((), ())
    return Sample(rule.args, ys, targs, dys, tys, dargs, *by_autodiff)


def directions(args: Arrays, ys: Arrays, seed: int = 0) -> tuple[Arrays, Arrays]:
    """(targs, dys) like (args, ys): random, the same numbers in every dtype."""
    return random_like(2 * seed, args), random_like(2 * seed + 1, ys)
