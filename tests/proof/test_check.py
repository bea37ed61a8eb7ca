"""fbp.check on a user's own layer and functions: what is right passes, what is wrong is named."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import FbpError, elementwise
from fbp.layers import dense, relu
from fbp.proof.check import CheckError, check

rng = np.random.default_rng(0)
X, W, B = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)


def affine(bwd):
    """tanh(x w + b) as a custom_vjp with this backward of dz and x, w."""

    @jax.custom_vjp
    def f(x, w, b):
        return jnp.tanh(x @ w + b)

    def forward(x, w, b):
        y = jnp.tanh(x @ w + b)
        return y, (x, w, y)

    def backward(res, dy):
        x, w, y = res
        return bwd(x, w, dy * (1 - y * y))

    f.defvjp(forward, backward)
    return f


def failure(subject, *args):
    with pytest.raises(CheckError) as caught:
        check(subject, *args)
    return str(caught.value)


def test_a_right_layer_passes_and_says_how_many_checks():
    report = check(dense(3), X)
    assert str(report) == f"dense(3): all {len(report.findings)} checks pass"
    assert report.residual_bytes == 4 * X.size


def test_a_right_custom_vjp_passes():
    check(affine(lambda x, w, dz: (dz @ w.T, x.T @ dz, dz.sum(0))), X, W, B)


@pytest.mark.parametrize(
    ("bwd", "leaf", "mistake"),
    [
        (lambda x, w, dz: (dz @ w.T, x.T @ dz, dz), "2", "fits: a missing sum over axis 0"),
        (lambda x, w, dz: (dz @ w.T, -x.T @ dz, dz.sum(0)), "1", "fits: the sign is wrong"),
        (lambda x, w, dz: (2.5 * dz @ w.T, x.T @ dz, dz.sum(0)), "0", "a constant factor 2.5"),
        (lambda x, w, dz: (dz @ w.T, dz.T @ x, dz.sum(0)), "1", "fits: a transpose"),
        (lambda x, w, dz: (dz @ w.T, None, dz.sum(0)), "1", "fits: the whole leaf is zero"),
    ],
)
def test_a_wrong_custom_vjp_is_named_with_the_mistake(bwd, leaf, mistake):
    message = failure(affine(bwd), X, W, B)
    assert message.startswith(f"f: vjp = autodiff, argument {leaf}: ")
    assert mistake in message


def test_the_message_has_the_worst_index_and_both_values():
    def one_entry(x, w, dz):
        return dz @ w.T, (x.T @ dz).at[1, 0].set(7.0), dz.sum(0)

    message = failure(affine(one_entry), X, W, B)
    assert "at [1, 0] got 7, expected " in message
    assert "only index 1 along axis 0 is wrong" in message


def square(factor):
    @jax.custom_jvp
    def f(x):
        return x * x

    f.defjvp(lambda args, tangents: (args[0] ** 2, factor * args[0] * tangents[0]))
    return f


def test_custom_jvp():
    check(square(2.0), X)
    assert "a constant factor 1.5" in failure(square(3.0), X)


def test_a_function_around_a_wrong_rule_is_seen_by_differences_alone():
    message = failure(lambda x: jnp.sin(square(3.0)(x)), X)
    assert "differences" in message
    assert "a constant factor 1.5" in message
    check(lambda x: jnp.sin(square(2.0)(x)), X)


def test_a_wrong_kink_is_named():
    assert check(relu(), X, kinks=((0.0, 0.0),))
    other = elementwise("relu", lambda x: (jnp.maximum(x, 0), x >= 0))
    with pytest.raises(CheckError, match="slope 1, promised 0"):
        check(other, X, kinks=((0.0, 0.0),))


def test_rules_that_are_not_linear_are_caught():
    layer = dense(2)
    wrong = layer._replace(vjp=lambda p, res, dy: layer.vjp(p, res, jnp.ones_like(dy)))
    with pytest.raises(CheckError) as caught:
        check(wrong, X)
    failed = {f.check for f in caught.value.report.failures}
    assert {"vjp = autodiff", "adjoint identity", "vjp is linear", "vjp of zero"} <= failed


def test_a_rule_that_is_another_when_compiled_is_caught():
    layer = dense(2)

    def vjp(params, res, dy):
        traced = isinstance(dy, jax.core.Tracer)
        return layer.vjp(params, res, dy if traced else 1.01 * dy)

    with pytest.raises(CheckError, match=r"jit = eager, vjp, params/weight: .* factor 1\.01"):
        check(layer._replace(vjp=vjp), X)


def test_a_parameter_among_the_residuals_is_caught():
    layer = dense(2)

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params, state, x, ctx)
        return y, state, (res, params.weight)

    wrong = layer._replace(
        forward=forward,
        jvp=lambda p, res, tp, tx: layer.jvp(p, res[0], tp, tx),
        vjp=lambda p, res, dy: layer.vjp(p, res[0], dy),
    )
    with pytest.raises(CheckError, match="residuals hold no parameter, all: 1 is the parameter"):
        check(wrong, X)


def test_a_layer_takes_one_input():
    with pytest.raises(FbpError, match="takes one example input, got 2"):
        check(dense(2), X, X)
