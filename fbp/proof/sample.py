"""What the rules say along random directions at one point, and what autodiff says there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax

from fbp.proof.rule import Arrays, Rule, autodiff
from fbp.proof.vectors import random_like


class Sample(NamedTuple):
    """args, values ys, a random tangent targs and a random, non-uniform cotangent dys.

    tys, dargs: what the rule makes of them, None without the rule; *_by_autodiff: what JAX does.
    """

    args: Arrays
    ys: Arrays
    targs: Arrays
    dys: Arrays
    tys: Arrays | None
    dargs: Arrays | None
    tys_by_autodiff: Arrays
    dargs_by_autodiff: Arrays


def sample(rule: Rule, truth: Callable) -> Sample:
    """Both of the rule's maps, and what `truth`, the rule's `autodiff`, makes of them."""
    targs, dys = directions(rule)
    ys, tys, dargs = truth(rule.args, targs, dys)
    pushed = rule.push and rule.push(rule.args, targs)
    pulled = rule.pull and rule.pull(rule.args, dys)
    return Sample(rule.args, ys, targs, dys, pushed, pulled, tys, dargs)


def sample_at_once(rule: Rule) -> Sample:
    """The sample of an uncompiled rule, as one program."""

    def everything(args, targs, dys):
        truth = autodiff(rule)(args, targs, dys)
        by_hand = rule.push and rule.push(args, targs), rule.pull and rule.pull(args, dys)
        return truth, by_hand

    targs, dys = directions(rule)
    (ys, *by_autodiff), by_hand = jax.jit(everything)(rule.args, targs, dys)
    return Sample(rule.args, ys, targs, dys, *by_hand, *by_autodiff)


def directions(rule: Rule, seed: int = 0) -> tuple[Arrays, Arrays]:
    """(targs, dys): random, rounded to bfloat16, so that every dtype has the same ones."""
    ys = jax.eval_shape(rule.value, rule.args)
    return random_like(2 * seed, rule.args), random_like(2 * seed + 1, ys)
