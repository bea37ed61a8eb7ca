"""Functions become graphs; what has no graph says so."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.graph import GraphError, gradients, graph, named
from fbp.graph.table import formula


def names(g):
    return [node.name for node in g.nodes]


def test_nodes_stand_in_order_of_evaluation_with_values_and_local_partials():
    g = graph(lambda x, y, z: (x + y) * z, x=-2, y=5, z=-4)
    assert names(g) == ["x", "y", "z", "add1", "mul1"]
    assert [float(node.value) for node in g.nodes] == [-2, 5, -4, 3, -12]
    assert g.output == 4
    assert g.nodes[4].operands == (3, 2)
    assert [float(p) for p in g.nodes[4].partials] == [-4, 3]
    assert formula(g, 4) == "add1 * z"


def test_a_value_used_twice_in_one_operation_is_one_edge_with_the_whole_partial():
    g = graph(lambda x: x * x, x=3)
    assert g.nodes[1].operands == (0,)
    assert float(g.nodes[1].partials[0]) == 6


def test_constants_are_part_of_formulas():
    g = graph(lambda x: 2 * jnp.exp(jnp.zeros(())) * x**3, x=2)
    assert [formula(g, i) for i in (1, 2)] == ["x ** 3", "2 * integer_pow1"]


def test_named_names_a_node_and_numbers_skip_names_that_are_taken():
    g = graph(lambda add1, b: named(add1 + b, "s") * (b + 1), add1=1, b=2)
    assert names(g) == ["add1", "b", "s", "add2", "mul1"]


def test_functions_are_opened_but_a_function_with_its_own_derivative_is_one_node():
    g = graph(lambda x: jax.jit(jnp.sin)(x) + jax.nn.relu(x), x=0.0)
    assert names(g) == ["x", "sin1", "relu1", "add1"]
    assert float(gradients(g)["x"]) == 1  # cos 0 + relu'(0), which jax.nn defines as 0


def test_everything_is_float64_whatever_comes_in():
    g = graph(lambda x, y: x + jnp.sum(y), x=1, y=np.ones(3, np.float32))
    assert {node.value.dtype.name for node in g.nodes} == {"float64"}
    assert float(graph(lambda x: x / 3, x=1).nodes[1].value) == 1 / 3


def test_what_is_not_floating_has_derivative_zero():
    g = graph(lambda x: jnp.where(x > 0, 3 * x, x), x=2.0)
    select = g.nodes[g.output]
    assert select.name == "select_n1"
    assert float(gradients(g)["x"]) == 3
    assert float(gradients(g)["gt1"]) == 0


@pytest.mark.parametrize(
    ("f", "inputs", "message"),
    [
        (lambda x: x, {"x": "one"}, "input x: expected real numbers"),
        (lambda x: x, {"x": 1j}, "input x: expected real numbers, got complex128"),
        (
            lambda x: x,
            {"x": [1.0, 2.0]},
            r"expected one floating number as the result, got f.*\[2\]",
        ),
        (lambda x: (x, x), {"x": 1.0}, "expected one floating number"),
        (lambda x: x > 0, {"x": 1.0}, "expected one floating number"),
        (lambda x: 1.0, {"x": 1.0}, "depends on no input"),
        (lambda x: x if x > 0 else -x, {"x": 1.0}, "jnp.where instead of if"),
        (lambda x: math.exp(x), {"x": 1.0}, "jax.numpy instead of math"),
        (lambda x: jax.lax.fori_loop(0, 3, lambda i, y: y * x, x), {"x": 1.0}, "has .* results"),
        (lambda x: named(x, "s") * named(2 * x, "s"), {"x": 1.0}, "two nodes are called 's'"),
    ],
)
def test_what_has_no_graph_says_why(f, inputs, message):
    with pytest.raises(GraphError, match=message) as caught:
        graph(f, **inputs)
    assert "\n" not in str(caught.value)
