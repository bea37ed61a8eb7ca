"""What usual gradient checkers say of the same rules, at their default tolerances."""

from __future__ import annotations

from collections.abc import Callable

import chex
import jax
import jax.test_util

from fbp.proof.mutants.mutant import Which
from fbp.proof.rule import Rule


def as_custom(rule: Rule, which: Which) -> Callable:
    """The rule as a jax.custom_vjp or a jax.custom_jvp of its arguments."""

    def value(*args):
        return rule.value(args)

    if which == "vjp":
        reverse = jax.custom_vjp(value)
        reverse.defvjp(lambda *args: (value(*args), args), lambda args, dys: rule.pull(args, dys))
        return reverse
    forward = jax.custom_jvp(value)
    forward.defjvp(lambda args, targs: (value(*args), rule.push(args, targs)))
    return forward


def check_grads_passes(rule: Rule, which: Which) -> bool:
    """Whether jax.test_util.check_grads accepts the rule, to first order."""
    return _accepts(jax.test_util.check_grads, rule, which)


def chex_passes(rule: Rule, which: Which) -> bool:
    """Whether chex.assert_numerical_grads accepts the rule, to first order."""
    return _accepts(chex.assert_numerical_grads, rule, which)


def _accepts(checker: Callable, rule: Rule, which: Which) -> bool:
    modes = ("rev",) if which == "vjp" else ("fwd",)
    try:
        checker(as_custom(rule, which), rule.args, order=1, modes=modes)
    except (AssertionError, ValueError, TypeError):
        return False
    return True
