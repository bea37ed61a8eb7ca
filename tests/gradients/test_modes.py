"""Exact modes give the gradient that float64 autodiff gives, whatever the net and the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gradient_problems import PROBLEMS

from fbp import Context, GradientError, LayerError, gradient, serial, supervised
from fbp.gradients import MODES
from fbp.layers import dense, flatten, tanh
from fbp.losses import quadratic

EXACT = ("backprop", "autodiff", "forward", "forward_autodiff")


@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_modes_agree_with_autodiff_to_1e_10_and_finite_differences_to_1e_7(name, x64):
    objective, *arguments = PROBLEMS[name]()
    params = arguments[0]

    @jax.jit
    def all_modes(params, *others):
        modes = (*EXACT, "finite_difference")
        evaluations = {mode: gradient(objective, mode)(params, *others) for mode in modes}
        return evaluations, jax.grad(lambda p: objective.forward(p, *others)[0])(params)

    evaluations, expected = all_modes(*arguments)
    largest = max(float(jnp.max(jnp.abs(g))) for g in jax.tree.leaves(expected))
    assert largest > 0.01
    for mode, evaluation in evaluations.items():
        tolerance = 1e-10 if mode in EXACT else 1e-7
        assert jax.tree.structure(evaluation.grads) == jax.tree.structure(params), mode
        for found, wanted in zip(
            jax.tree.leaves(evaluation.grads), jax.tree.leaves(expected), strict=True
        ):
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance, err_msg=mode)
        np.testing.assert_allclose(evaluation.loss, evaluations["backprop"].loss, rtol=1e-14)


def test_another_key_is_another_dropout_mask():
    """So the agreement above says that all modes drew the same one."""
    objective, *arguments, ctx = PROBLEMS["dropout"]()
    grads = jax.jit(lambda ctx: gradient(objective)(*arguments, ctx).grads[0].weight)
    assert float(jnp.max(jnp.abs(grads(ctx) - grads(ctx.child(7))))) > 1e-3


def test_what_a_mode_cannot_do_is_an_error():
    objective = PROBLEMS["mlp"]().objective
    with pytest.raises(GradientError, match="unknown gradient mode 'backward'; there are backprop"):
        gradient(objective, "backward")
    for mode, options, message in [
        ("finite_difference", {"scheme": "left"}, "scheme is 'central' or 'one_sided', got 'left'"),
        ("finite_difference", {"step": 0.0}, "step must be positive, got 0.0"),
        ("forward_gradient", {"tangents": 0}, "tangents must be at least 1, got 0"),
        ("forward_gradient", {"distribution": "cauchy"}, "normal, rademacher, got 'cauchy'"),
        ("spsa", {"draws": 0}, "draws must be at least 1, got 0"),
        ("spsa", {"step": -1.0}, "step must be positive, got -1.0"),
    ]:
        with pytest.raises(GradientError, match=message):
            gradient(objective, mode, **options)


@pytest.mark.parametrize("mode", ["forward", "forward_autodiff", "finite_difference"])
def test_a_chunk_below_one_is_an_error(mode):
    objective, *arguments = PROBLEMS["mlp"]()
    with pytest.raises(GradientError, match="chunk must be at least 1, got 0"):
        gradient(objective, mode, chunk=0)(*arguments)


@pytest.mark.parametrize("mode", ["forward_gradient", "spsa"])
def test_estimators_ask_for_a_key(mode):
    objective, *arguments, _ = PROBLEMS["mlp"]()
    with pytest.raises(GradientError, match=rf"{mode} draws directions: pass Context\(key="):
        gradient(objective, mode)(*arguments, Context(key=None))


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"backprop", "autodiff"}))
def test_a_net_without_parameters_has_no_gradient(mode):
    _, _, _, batch, ctx = PROBLEMS["mlp"]()
    objective = supervised(serial(flatten(), tanh()), quadratic())
    batch = batch._replace(targets=batch.inputs)
    with pytest.raises(GradientError, match="the model has no parameters"):
        gradient(objective, mode)(((), ()), ((), ()), batch, ctx)


@pytest.mark.parametrize(
    ("missing", "modes"), [("vjp", ["backprop"]), ("jvp", ["forward", "forward_gradient"])]
)
def test_a_missing_rule_is_an_error_that_names_layer_and_path(missing, modes):
    _, _, _, batch, ctx = PROBLEMS["mlp"]()
    lacking = tanh()._replace(**{missing: None})
    net = serial(stem=dense(3), body=serial(dense(3), lacking))
    objective = supervised(net, quadratic())
    shape = jax.ShapeDtypeStruct(batch.inputs.shape, batch.inputs.dtype)
    params, state = objective.init(jax.random.key(0), shape)
    for mode in MODES:
        grad_fn = gradient(objective, mode)
        if mode in modes:
            with pytest.raises(LayerError, match=f"layer body/1: tanh has no {missing}"):
                grad_fn(params, state, batch, ctx)
        else:
            assert jax.eval_shape(grad_fn, params, state, batch, ctx).grads
