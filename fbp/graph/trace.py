"""From a function to its graph: one node an elementary operation, one edge a local derivative.

Everything is computed in float64: a graph is there to be looked at, and to be worked by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var, jaxpr_as_fun

from fbp.errors import FbpError

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "integer_pow": "**"}


class GraphError(FbpError):
    """A function or an input that has no graph here."""


class Node(NamedTuple):
    """One value on the way from the inputs to the output.

    formula: how it is computed, {0}, {1}, ... standing for the operands; "input" for an input.
    operands: indices of the nodes it is computed from, each once. partials: d value / d operand
    for each, of shape value.shape + operand.shape.
    """

    name: str
    formula: str
    value: np.ndarray
    operands: tuple[int, ...] = ()
    partials: tuple[np.ndarray, ...] = ()


class Graph(NamedTuple):
    """nodes: in the order of evaluation, inputs first. output: the index of the result's node."""

    nodes: tuple[Node, ...]
    output: int


def named(x: jax.Array, name: str) -> jax.Array:
    """x, whose node a graph calls `name`; elsewhere the identity."""
    return checkpoint_name(x, name)


def graph(f: Callable[..., Any], **inputs: Any) -> Graph:
    """The graph of the scalar f(**inputs); inputs are real numbers or arrays of them.

    Nodes are called by their operation (add1, add2, ...) unless `named` names them. What depends
    on no input is part of a formula, not a node. Partials are full Jacobians, so arrays should be
    small; values that are not floating, such as x > 0, have the derivative 0.
    Raises GraphError for inputs that are not real, for a result that is not one floating number
    or depends on no input, for Python control flow on values, and for operations with several
    results, such as loops.
    """
    with jax.enable_x64(True):
        arrays = [_real(name, x) for name, x in inputs.items()]
        nodes = [Node(name, "input", x) for name, x in zip(inputs, arrays, strict=True)]
        try:
            closed = jax.make_jaxpr(lambda *xs: f(**dict(zip(inputs, xs, strict=True))))(*arrays)
        except jax.errors.JAXTypeError as error:
            raise GraphError(
                "the function asks for a number while it is traced: use jax.numpy instead of math "
                "and numpy, and jnp.where instead of if"
            ) from error
        if [aval.str_short() for aval in closed.out_avals] != ["float64[]"]:
            found = ", ".join(aval.str_short() for aval in closed.out_avals)
            raise GraphError(f"expected one floating number as the result, got {found or 'none'}")
        (output,) = _append(nodes, closed.jaxpr, closed.consts, range(len(nodes)))
    if not isinstance(output, int):
        raise GraphError("the result depends on no input")
    return Graph(tuple(nodes), output)


def _real(name: str, x: Any) -> np.ndarray:
    array = np.asarray(x)
    if array.dtype.kind not in "iuf":
        raise GraphError(f"input {name}: expected real numbers, got {array.dtype.name}")
    return array.astype(np.float64)


def _append(nodes: list[Node], jaxpr: Jaxpr, consts: Sequence, arguments: Sequence) -> list:
    """Appends the nodes of `jaxpr` and returns its results.

    Arguments and results are indices of nodes (int), or constants (arrays).
    """
    known = dict(zip(jaxpr.constvars, map(np.asarray, consts), strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def read(v):
        return np.asarray(v.val) if isinstance(v, Literal) else known[v]

    for equation in jaxpr.eqns:
        values = [read(v) for v in equation.invars]
        if equation.primitive.name == "jit":  # a function call: what is inside is of interest
            inner = equation.params["jaxpr"]
            results = _append(nodes, inner.jaxpr, inner.consts, values)
        else:
            results = [_apply(nodes, equation, values)]
        known.update(zip(equation.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _apply(nodes: list[Node], equation: JaxprEqn, arguments: Sequence) -> int | np.ndarray:
    """Appends the node of one operation and returns its index; a constant stays a constant."""
    operation = _operation(equation)
    if len(equation.outvars) != 1:
        raise GraphError(f"{operation} has {len(equation.outvars)} results: write it out in steps")
    operands = tuple(dict.fromkeys(a for a in arguments if isinstance(a, int)))

    def evaluate(*values):
        value_of = dict(zip(operands, values, strict=True))
        return _evaluate(equation, [value_of[a] if isinstance(a, int) else a for a in arguments])

    values = [nodes[i].value for i in operands]
    value = np.asarray(evaluate(*values))
    if not operands:
        return value
    if equation.primitive.name == "name":
        return _rename(nodes, operands[0], equation.params["name"])
    if equation.primitive.name == "convert_element_type" and value.dtype == values[0].dtype:
        return operands[0]
    partials = tuple(_partial(evaluate, values, k, value) for k in range(len(operands)))
    formula = _formula(equation, operation, arguments, operands)
    nodes.append(Node(_free_name(nodes, operation), formula, value, operands, partials))
    return len(nodes) - 1


def _operation(equation: JaxprEqn) -> str:
    """The primitive, or the function's name where a function carries its own derivative."""
    if equation.primitive.name == "custom_jvp_call":
        return equation.params["call_jaxpr"].jaxpr.debug_info.func_name
    return equation.primitive.name


def _evaluate(equation: JaxprEqn, arguments: Sequence) -> jax.Array:
    variables = {
        v: a for v, a in zip(equation.invars, arguments, strict=True) if isinstance(v, Var)
    }
    alone = Jaxpr((), list(variables), equation.outvars, [equation])
    return jaxpr_as_fun(ClosedJaxpr(alone, ()))(*variables.values())[0]


def _partial(evaluate: Callable, values: Sequence, k: int, value: np.ndarray) -> np.ndarray:
    if value.dtype.kind == values[k].dtype.kind == "f":
        return np.asarray(jax.jacfwd(evaluate, k)(*values))
    return np.zeros(value.shape + values[k].shape)


def _formula(equation: JaxprEqn, operation: str, arguments: Sequence, operands: tuple) -> str:
    terms = [f"{{{operands.index(a)}}}" if isinstance(a, int) else show(a) for a in arguments]
    if operation == "integer_pow":
        terms.append(str(equation.params["y"]))
    symbol = INFIX.get(operation)
    return f" {symbol} ".join(terms) if symbol else f"{operation}({', '.join(terms)})"


def _rename(nodes: list[Node], i: int, name: str) -> int:
    if any(node.name == name for node in nodes):
        raise GraphError(f"two nodes are called {name!r}")
    nodes[i] = nodes[i]._replace(name=name)
    return i


def _free_name(nodes: list[Node], operation: str) -> str:
    taken = {node.name for node in nodes}
    return next(name for k in count(1) if (name := f"{operation}{k}") not in taken)


def show(value: np.ndarray) -> str:
    """A number in six digits, a short vector in brackets, another array as its shape."""
    if value.ndim == 0:
        return f"{value:.6g}" if value.dtype.kind == "f" else str(value)
    if value.ndim == 1 and value.size <= 4:
        return "[" + ", ".join(show(v) for v in value) + "]"
    return f"{value.dtype.name}{list(value.shape)}"
