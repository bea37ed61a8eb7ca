"""What all losses share: weights, reductions, and targets that do not fit."""

import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from fbp import FbpError
from fbp.losses import quadratic, softmax_cross_entropy

A = jnp.array([[1.0], [2.0], [4.0]])
Y = jnp.zeros((3, 1))
LOSSES = np.array([0.5, 2.0, 8.0])
W = jnp.array([1.0, 0.0, 3.0])


@pytest.mark.parametrize(
    ("reduction", "weights", "value", "slopes"),
    [
        ("mean", None, 3.5, [1 / 3, 2 / 3, 4 / 3]),
        ("mean", W, 24.5 / 4, [1 / 4, 0, 3.0]),
        ("sum", None, 10.5, [1, 2, 4]),
        ("sum", W, 24.5, [1, 0, 12]),
        ("none", W, [0.5, 0, 24], [1, 0, 12]),
        ("mean", jnp.zeros(3), 0.0, [0, 0, 0]),
    ],
)
def test_reductions(reduction, weights, value, slopes):
    loss = quadratic(reduction)
    found, res = loss.forward(A, Y, weights)
    np.testing.assert_allclose(found, value, rtol=1e-6)
    np.testing.assert_allclose(loss.vjp(res, jnp.ones_like(found))[:, 0], slopes, rtol=1e-6)
    tangent = jnp.array([[1.0], [-1.0], [2.0]])
    pushed = loss.jvp(res, tangent)
    np.testing.assert_allclose(np.sum(pushed), np.dot(slopes, tangent[:, 0]), rtol=1e-6)


def test_an_example_of_weight_0_is_not_there_even_if_it_is_not_a_number():
    outputs = A.at[1].set(jnp.nan)
    value, res = quadratic().forward(outputs, Y, W)
    assert value == 24.5 / 4
    np.testing.assert_allclose(quadratic().vjp(res, jnp.float32(1))[:, 0], [1 / 4, 0, 3.0])
    assert np.isfinite(quadratic().jvp(res, A))


def test_the_example_mean_weighs_examples_not_tokens():
    logits = jnp.zeros((2, 4, 3)).at[0, :, 0].set(1.0)
    labels = jnp.array([[0, -1, -1, -1], [1, 1, 2, 0]])
    per_token = softmax_cross_entropy("none", ignored_label=-1).forward(logits, labels)[0]
    loss = softmax_cross_entropy("example_mean", ignored_label=-1)
    expected = (per_token[0].sum() + per_token[1].mean()) / 2
    np.testing.assert_allclose(loss.forward(logits, labels)[0], expected, rtol=1e-6)


def test_targets_that_do_not_fit():
    message = r"targets \[2\] do not fit outputs \[3, 1\]: expected labels \[3\] or values \[3, 1\]"
    with pytest.raises(FbpError, match=message):
        quadratic().forward(A, jnp.zeros(2))


def test_unknown_reduction(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as it is for users
    with pytest.raises(FbpError, match=r"quadratic: reduction is one of .*, got 'median'"):
        quadratic("median")
