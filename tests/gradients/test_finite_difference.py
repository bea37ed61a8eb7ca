"""Numerical gradients err as their theory says."""

import jax
import numpy as np
import pytest
from gradient_problems import PROBLEMS
from jax.flatten_util import ravel_pytree

from fbp import gradient


def errors(options):
    objective, *arguments = PROBLEMS["mlp"]()
    modes = [gradient(objective)] + [
        gradient(objective, "finite_difference", **each) for each in options
    ]
    exact, *found = jax.jit(lambda *a: [ravel_pytree(f(*a).grads)[0] for f in modes])(*arguments)
    return [float(np.linalg.norm(f - exact) / np.linalg.norm(exact)) for f in found]


@pytest.mark.parametrize(("scheme", "factor"), [("central", 4), ("one_sided", 2)])
def test_halving_the_step_divides_the_error_by_the_order(scheme, factor, x64):
    coarse, fine = errors([{"scheme": scheme, "step": h} for h in (0.02, 0.01)])
    assert coarse > 1e-6
    np.testing.assert_allclose(coarse / fine, factor, rtol=0.05)


def test_the_default_step_balances_truncation_against_rounding(x64):
    central, one_sided = errors([{"scheme": "central"}, {"scheme": "one_sided"}])
    assert central < 1e-9
    assert one_sided < 1e-6
