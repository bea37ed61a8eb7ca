"""Every factors rule against the vjp of single examples, over the table of all cases."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.compose import serial
from fbp.layer import Context, LayerError, stateless
from fbp.layers import batch_norm, dense
from fbp.layers.factors import factor
from fbp.losses import quadratic
from fbp.objective import Batch, supervised
from fbp.proof.cases.case import Case
from fbp.proof.point import draw, examples
from fbp.statistics import measure
from fbp.statistics.measured import measured, unzip
from tests.cases import CASES


def couples(case: Case) -> bool:
    """Whether the examples of a batch meet: batch_norm in training."""
    return case.name.startswith(("batch_norm", "basic_block", "bottleneck")) and case.train


def has_examples(case: Case) -> bool:
    """Parameters, and an example axis to tell gradients apart along; objectives are no nets."""
    x = jax.eval_shape(lambda key: case.inputs(key, jnp.dtype("float32")), jax.random.key(0))
    params = jax.eval_shape(lambda key: case.layer.init(key, x)[0], jax.random.key(0))
    return bool(jax.tree.leaves(params)) and all(a.ndim > 1 for a in jax.tree.leaves(x))


# One row for each rule and each of its branches in every run; the others with the slow tests.
QUICK = {
    *(c.name for c in CASES if c.layer.factors is not None and "/" not in c.name),
    "dense/no_bias", "conv/groups", "conv/dilation", "conv/padding", "conv_transpose/valid",
    "layer_norm/rank4", "rms_norm/rank3", "group_norm/rank4", "batch_norm/evaluation",
    "embedding/padding", "embedding/outside", "positions/full", "attention/keep", "gru/sequence",
    "repeat", "reversible", "parallel/concat", "in_dtype",
}  # fmt: skip
ROWS = [
    pytest.param(case, chunk, id=f"{case.name}-{chunk}", marks=[pytest.mark.slow] * slow)
    for case in CASES
    if not couples(case) and not case.name.startswith("fused_head") and has_examples(case)
    for chunk in (1, 10**9)
    # One of the two walks for each case, so that a kind of factor sees both.
    for slow in [case.name not in QUICK or (len(case.name) % 2 == 0) != (chunk == 1)]
]


def test_the_table_reaches_every_kind_of_layer():
    names = {row.id.split("-")[0].split("/")[0] for row in ROWS}
    assert names >= {
        "dense", "maxout", "prelu", "conv", "conv_transpose", "layer_norm", "rms_norm",
        "group_norm", "batch_norm", "embedding", "positions", "tied_embedding", "class_token",
        "rnn", "lstm", "gru", "attention", "glu", "swiglu", "geglu", "repeat", "reversible",
        "remat", "parallel", "residual", "in_dtype", "gpt", "vit", "char_lstm",
    }  # fmt: skip


@pytest.mark.parametrize(("case", "chunk"), ROWS)
def test_factors_are_the_vjp_of_single_examples(case: Case, chunk, x64, monkeypatch):
    monkeypatch.setattr(factor, "CHUNK_NUMBERS", chunk)
    point, net = draw(case), case.layer
    n = examples(point)

    @jax.jit
    def both(params, state, x, ctx, key):
        y, _, res = net.forward(params, state, x, ctx)
        dy = jax.random.normal(key, y.shape, y.dtype)
        found = unzip(measured(net, second_moment=True).vjp(params, res, dy)[0])

        def alone(i):
            mine = jnp.arange(n).reshape(-1, *[1] * (dy.ndim - 1)) == i
            return net.vjp(params, res, jnp.where(mine, dy, 0))[0]

        each = jax.vmap(alone)(jnp.arange(n))
        norms = jax.tree.map(lambda g: jnp.sum(g.reshape(n, -1) ** 2, axis=1), each)
        squares = jax.tree.map(lambda g: jnp.sum(g**2, axis=0), each)
        return found, (net.vjp(params, res, dy)[0], norms, squares)

    found, expected = both(*point, jax.random.key(5, impl="unsafe_rbg"))
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    assert max(float(jnp.max(a)) for a in jax.tree.leaves(expected[1])) > 1e-3
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        assert a.dtype == b.dtype


def test_a_layer_that_couples_examples_is_refused_by_name():
    objective = supervised(serial(hidden=dense(3), norm=batch_norm()), quadratic())
    with pytest.raises(LayerError, match=r"layer norm: batch_norm couples.*use group_norm"):
        measure_once(objective, Context(train=True))
    measure_once(objective, Context(train=False))


def test_a_layer_without_the_rule_is_refused_by_name():
    scale = stateless(
        "scale",
        lambda key, x: jnp.ones(()),
        lambda params, x: (params * x, x),
        vjp=lambda params, x, dy: (jnp.sum(x * dy), params * dy),
    )
    objective = supervised(serial(dense(3), serial(own=scale)), quadratic())
    with pytest.raises(LayerError, match=r"layer 1/own: scale has no per-example gradients: give"):
        measure_once(objective, Context())


def measure_once(objective, ctx):
    x = jnp.ones((4, 2))
    params, state = objective.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, x.dtype))
    return measure(objective)(params, state, Batch(x, jnp.ones((4, 3))), ctx)
