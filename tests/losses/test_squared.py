"""The quadratic cost and the mean squared error, by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from fbp.losses import mean_squared, quadratic

A = jnp.array([[1.0, 2.0, 2.0], [0.0, 0.0, 1.0]])
Y = jnp.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
ERROR = np.array([[0.0, 2.0, 2.0], [0.0, -2.0, 1.0]])  # squares: 8 and 5


@pytest.mark.parametrize(
    ("loss", "value", "slope"),
    [
        (quadratic(), (8 + 5) / (2 * 2), 1 / 2),
        (quadratic("sum"), (8 + 5) / 2, 1),
        (mean_squared(), (8 + 5) / (2 * 3), 2 / (2 * 3)),
        (mean_squared("sum"), (8 + 5) / 3, 2 / 3),
    ],
)
def test_value_and_both_derivatives(loss, value, slope):
    found, res = loss.forward(A, Y)
    np.testing.assert_allclose(found, value, rtol=1e-6)
    np.testing.assert_allclose(loss.vjp(res, jnp.float32(3.0)), 3 * slope * ERROR, rtol=1e-6)
    np.testing.assert_allclose(loss.jvp(res, A), slope * np.sum(ERROR * A), rtol=1e-6)


def test_labels_are_one_hot():
    np.testing.assert_allclose(
        quadratic().forward(A, jnp.array([0, 1]))[0],
        quadratic().forward(A, jnp.eye(3)[jnp.array([0, 1])])[0],
    )


def test_one_output_takes_its_label_as_it_is_and_decides_at_one_half():
    outputs = jnp.array([[0.8], [0.1]])
    np.testing.assert_allclose(
        quadratic().forward(outputs, jnp.array([1, 0]))[0], 0.0125, rtol=1e-5
    )
    np.testing.assert_array_equal(quadratic().classes(outputs), [1, 0])
    np.testing.assert_array_equal(quadratic().classes(A), [1, 2])
