"""Cross-entropies: closed forms, smoothing, what is ignored, confident logits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import FbpError
from fbp.losses import binary_cross_entropy, softmax_cross_entropy

Z = jnp.log(jnp.array([[1.0, 2.0, 5.0], [4.0, 2.0, 2.0]]))  # softmax: /8
P = np.array([[0.125, 0.25, 0.625], [0.5, 0.25, 0.25]])
LABELS = jnp.array([1, 0])
HOT = np.eye(3)[LABELS]


def both(loss, outputs, targets, weights=None):
    """(value, gradient for a cotangent of 1)."""
    value, res = loss.forward(outputs, targets, weights)
    return value, loss.vjp(res, jnp.ones_like(value))


@pytest.mark.parametrize("targets", [LABELS, jnp.asarray(HOT, jnp.float32)])
def test_softmax_minus_target(targets):
    value, dz = both(softmax_cross_entropy(), Z, targets)
    np.testing.assert_allclose(value, -np.log(0.25 * 0.5) / 2, rtol=1e-6)
    np.testing.assert_allclose(dz, (P - HOT) / 2, atol=1e-7)


def test_label_smoothing_reaches_the_backward():
    value, dz = both(softmax_cross_entropy("sum", label_smoothing=0.3), Z, LABELS)
    target = 0.7 * HOT + 0.1
    np.testing.assert_allclose(value, -np.sum(target * np.log(P)), rtol=1e-6)
    np.testing.assert_allclose(dz, P - target, atol=1e-7)


def test_ignored_labels_neither_count_nor_learn():
    loss = softmax_cross_entropy(ignored_label=-1)
    value, dz = both(loss, Z, jnp.array([1, -1]))
    np.testing.assert_allclose(value, -np.log(0.25), rtol=1e-6)
    np.testing.assert_allclose(dz, [*(P - HOT)[:1], np.zeros(3)], atol=1e-7)
    value, dz = both(loss, Z, jnp.array([-1, -1]))
    assert value == 0
    assert not dz.any()


def test_the_gradient_of_a_confident_right_answer_is_not_rounded_away():
    """1 - p = 2e-9 is lost where p is rounded before the subtraction."""
    with jax.enable_x64(True):
        z = jnp.array([[20.0, 0.0]])
        dz = both(softmax_cross_entropy(), z, jnp.array([0]))[1]
        np.testing.assert_allclose(dz[0, 1], 1 / (1 + np.exp(20.0)), rtol=1e-12)
        np.testing.assert_allclose(dz[0, 0], -dz[0, 1], rtol=1e-6)


def test_binary_cross_entropy_of_soft_targets():
    z, y = jnp.array([[0.0, 2.0]]), jnp.array([[0.25, 1.0]])
    s = 1 / (1 + np.exp(-2.0))
    value, dz = both(binary_cross_entropy(), z, y)
    np.testing.assert_allclose(value, np.log(2) - np.log(s), rtol=1e-6)
    np.testing.assert_allclose(dz, [[0.25, s - 1]], rtol=1e-6)


@pytest.mark.parametrize("z", [1e4, -1e4])
def test_binary_cross_entropy_does_not_overflow(z):
    wrong = jnp.array([int(z < 0)])
    value, dz = both(binary_cross_entropy(), jnp.array([[z]]), wrong)
    assert value == 1e4
    assert dz[0, 0] == np.sign(z)


def test_probabilities_and_classes():
    one = jnp.array([[-3.0], [0.0], [2.0]])
    p = binary_cross_entropy().probabilities(one)
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_array_equal(binary_cross_entropy().classes(one), [0, 0, 1])
    np.testing.assert_allclose(softmax_cross_entropy().probabilities(Z), P, rtol=1e-6)
    np.testing.assert_array_equal(softmax_cross_entropy().classes(Z), [2, 0])


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_refused_smoothing(smoothing):
    with pytest.raises(FbpError, match=f"0 <= label_smoothing < 1, got {smoothing}"):
        softmax_cross_entropy(label_smoothing=smoothing)
