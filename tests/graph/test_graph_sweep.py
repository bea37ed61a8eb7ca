"""Both sweeps agree with jax.grad and jax.jvp, on scalars and on arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.graph import GraphError, gradients, graph, tangents


def scalars(a, b, c):
    return jnp.tanh(a * b) / (1 + jnp.exp(-c)) + jnp.maximum(a, c) * a ** jnp.abs(b) - jnp.log(a)


def arrays(w, v, x):
    hidden = jax.nn.sigmoid(x @ w)
    return -jnp.mean(jax.nn.log_softmax(hidden @ v)[:, 0]) + jnp.sum(x**2)


SCALARS = {"a": 0.7, "b": -1.2, "c": 0.3}
ARRAYS = {
    "w": np.linspace(-1, 1, 6).reshape(2, 3),
    "v": np.linspace(0.5, -2, 12).reshape(3, 4),
    "x": np.linspace(-0.3, 2, 10).reshape(5, 2),
}
CASES = pytest.mark.parametrize(("f", "inputs"), [(scalars, SCALARS), (arrays, ARRAYS)])


@CASES
def test_one_reverse_sweep_gives_the_gradient_of_every_input(f, inputs, x64):
    back = gradients(graph(f, **inputs))
    expected = jax.grad(lambda xs: f(**xs))(jax.tree.map(jnp.float64, inputs))
    for name in inputs:
        np.testing.assert_allclose(back[name], expected[name], rtol=1e-12, atol=1e-14)


@CASES
def test_a_forward_sweep_gives_the_derivative_along_one_input(f, inputs, x64):
    g = graph(f, **inputs)
    output = g.nodes[g.output].name
    for name, x in inputs.items():
        direction = np.cos(np.arange(np.size(x))).reshape(np.shape(x))
        ahead = tangents(g, name, direction)
        others = {k: jnp.float64(v) for k, v in inputs.items() if k != name}
        expected = jax.jvp(
            lambda x, name=name, others=others: f(**{name: x}, **others),
            (jnp.float64(x),),
            (jnp.float64(direction),),
        )[1]
        np.testing.assert_allclose(ahead[output], expected, rtol=1e-12)


def test_every_node_pairs_its_gradient_with_its_tangent():
    """Cut through any graph that is a chain, <gradient, tangent> is the same number."""
    g = graph(lambda x: jnp.tanh(jnp.exp(jnp.sin(x))), x=0.4)
    back, ahead = gradients(g), tangents(g, "x")
    np.testing.assert_allclose([back[n.name] * ahead[n.name] for n in g.nodes], back["x"])


def test_an_input_that_is_not_used_has_gradient_zero():
    back = gradients(graph(lambda x, y: 2 * x, x=1, y=[1.0, 2.0]))
    np.testing.assert_array_equal(back["y"], [0, 0])


def test_tangents_names_the_inputs_there_are():
    g = graph(lambda x, y: x * jnp.sum(y), x=1, y=[1.0, 2.0])
    with pytest.raises(GraphError, match="no input 'mul1'; there are x, y"):
        tangents(g, "mul1")
    with pytest.raises(GraphError, match=r"direction \[3\] does not fit input y \[2\]"):
        tangents(g, "y", np.ones(3))
