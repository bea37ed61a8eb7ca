"""The support vector machine losses, by hand, and 0 at the hinge itself."""

import jax.numpy as jnp
import numpy as np
import pytest

from fbp.losses import hinge


def both(loss, scores, targets):
    value, res = loss.forward(scores, targets)
    return value, loss.vjp(res, jnp.ones_like(value))


def test_each_violation_pushes_the_target_once():
    scores = jnp.array([[3.0, 2.5, 4.0, 1.0]])  # margins to the target: -, 0.5, 2, -1
    value, ds = both(hinge(), scores, jnp.array([0]))
    assert value == 0.5 + 2.0
    np.testing.assert_array_equal(ds, [[-2.0, 1.0, 1.0, 0.0]])


def test_at_the_hinge_the_slope_is_zero():
    value, ds = both(hinge(margin=2.0), jnp.array([[3.0, 1.0]]), jnp.array([0]))
    assert value == 0
    assert not ds.any()
    value, ds = both(hinge(), jnp.array([[1.0]]), jnp.array([1]))
    assert value == 0
    assert not ds.any()


@pytest.mark.parametrize(
    ("score", "label", "value", "slope"),
    [(0.25, 1, 0.75, -1.0), (0.25, 0, 1.25, 1.0), (3.0, 1, 0.0, 0.0), (-3.0, 0, 0.0, 0.0)],
)
def test_one_score(score, label, value, slope):
    found, ds = both(hinge(), jnp.array([[score]]), jnp.array([label]))
    assert (float(found), float(ds[0, 0])) == (value, slope)


def test_classes():
    np.testing.assert_array_equal(hinge().classes(jnp.array([[-1.0], [2.0]])), [0, 1])
    assert hinge().probabilities is None
