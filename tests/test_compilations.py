"""A signature is compiled once: what a step feeds back is like what it replaces."""

import jax
import jax.numpy as jnp
import pytest

from fbp import as_jax_with_state
from fbp.layer import pull
from fbp.layers import batch_norm
from fbp.proof.cases.case import Case
from fbp.proof.point import at, draw, first_examples
from tests.cases import CASES

ROWS = [
    case
    for case in CASES
    if case.name
    in {
        "dense", "dropout", "prelu", "conv", "batch_norm/rank4", "layer_norm/rank2", "embedding",
        "attention/keep", "lstm", "repeat", "fused_head",
    }
]  # fmt: skip


def by_hand(layer, params, state, x, ctx):
    """(gradient, state) by the layer's own rules."""
    y, state, res = layer.forward(params, state, x, ctx)
    return pull(layer, params, res, jax.tree.map(jnp.ones_like, y))[0], state


def by_jax(layer, params, state, x, ctx):
    """(gradient, state) by jax.grad of the layer as a function of JAX."""

    def total(params):
        y, new = as_jax_with_state(layer)(params, state, x, ctx)
        return sum(map(jnp.sum, jax.tree.leaves(y))), new

    return jax.grad(total, has_aux=True)(params)


def compilations(caplog, gradient, case: Case) -> list[int]:
    """How often a step is compiled in three calls of one shape, and in two more of another."""

    def step(params, state, x, ctx):
        dparams, state = gradient(case.layer, params, state, x, ctx)
        return jax.tree.map(lambda p, d: p - 0.125 * d, params, dparams), state

    def calls(params, state, x, times):
        caplog.clear()
        with jax.log_compiles():
            for _ in range(times):
                params, state = compiled(params, state, x, point.ctx)
        messages = [record.getMessage() for record in caplog.records]
        return sum(m.startswith("Compiling jit(step)") for m in messages)

    point = at(draw(case), case.layer, jnp.dtype("float32"))
    less = first_examples(point, 1)
    compiled = jax.jit(step)
    return [calls(*point[:3], times=3), calls(*less[:3], times=2), calls(*point[:3], times=1)]


@pytest.mark.parametrize("gradient", [by_hand, by_jax])
@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_one_compilation_for_each_shape(caplog, x64, case, gradient):
    assert compilations(caplog, gradient, case) == [1, 1, 0]


def test_a_state_of_another_type_is_compiled_again(caplog, x64):
    layer = batch_norm()

    def forward(params, state, x, ctx):
        y, state, res = layer.forward(params, state, x, ctx)
        return y, jax.tree.map(lambda a: a.astype(jnp.bfloat16), state), res

    (case,) = (c for c in ROWS if c.name == "batch_norm/rank4")
    wrong = case._replace(layer=layer._replace(forward=forward))
    assert compilations(caplog, by_hand, wrong) == [2, 2, 0]
