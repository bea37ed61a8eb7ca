"""Modes by hand run the hand-written rules, all of them, and nothing else."""

import jax
import numpy as np
import pytest
from gradient_problems import PROBLEMS, N, problem

from fbp import gradient, serial
from fbp.layers import dense, tanh
from fbp.losses import quadratic

AUTODIFF = (
    "grad", "value_and_grad", "vjp", "jvp", "linearize", "linear_transpose", "jacfwd", "jacrev",
    "custom_jvp", "custom_vjp",
)  # fmt: skip


@pytest.mark.parametrize("mode", ["backprop", "forward", "forward_gradient"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_modes_by_hand_never_call_autodiff(mode, name, monkeypatch):
    objective, *arguments = PROBLEMS[name]()

    def forbidden(*_, **__):
        raise AssertionError("autodiff was called")

    for function in AUTODIFF:
        monkeypatch.setattr(jax, function, forbidden)
    with pytest.raises(AssertionError, match="autodiff was called"):
        jax.grad(lambda x: x)(1.0)
    jax.eval_shape(gradient(objective, mode), *arguments)  # tracing runs every rule


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [("vjp", "backprop", ["autodiff", "forward"]), ("jvp", "forward", ["autodiff", "backprop"])],
)
def test_a_factor_planted_in_a_rule_shows_in_the_mode_that_uses_it(rule, wrong, right):
    layer = tanh()

    def planted(*arguments):
        t = getattr(layer, rule)(*arguments)
        return jax.tree.map(lambda a: 3 * a, t)

    wrong_layer = layer._replace(**{rule: planted})
    objective, *arguments = problem(serial(dense(3), wrong_layer), quadratic())
    modes = {m: gradient(objective, m) for m in (wrong, *right)}
    grads = jax.jit(lambda *a: {m: f(*a).grads[0] for m, f in modes.items()})(*arguments)
    for mode in right:
        np.testing.assert_allclose(grads[wrong].weight, 3 * grads[mode].weight, rtol=1e-5)
        assert np.max(np.abs(grads[mode].weight)) > 0.1 / N
