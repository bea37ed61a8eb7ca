"""Small objectives of every kind that gradient modes have to serve; shared by their tests."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fbp import Batch, Context, Objective, parallel, remat, repeat, residual, serial, supervised
from fbp.compose.parts import spec
from fbp.layer import PyTree
from fbp.layers import dense, dropout, elu, gelu, maxout, prelu, sigmoid, softmax, tanh
from fbp.losses import binary_cross_entropy, hinge, mean_squared, quadratic, softmax_cross_entropy
from fbp.models import mlp

N, INPUTS, CLASSES = 6, 4, 3


class Problem(NamedTuple):
    """The arguments of a grad_fn, for an objective."""

    objective: Objective
    params: PyTree
    state: PyTree
    batch: Batch
    ctx: Context


def problem(net, loss, *, outputs=CLASSES, weighted=False, one_hot=False) -> Problem:
    """Random parameters, inputs and labels in the default dtype."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(N, INPUTS)), float)
    y = jnp.asarray(rng.integers(max(outputs, 2), size=N), jnp.int32)
    y = jax.nn.one_hot(y, outputs) if one_hot else y
    weights = jnp.asarray([1, 0.3, 0, 2, 0.5, 1], float) if weighted else None
    objective = supervised(net, loss)
    shapes, state = jax.eval_shape(lambda key: objective.init(key, spec(x)), jax.random.key(0))
    assert not jax.tree.leaves(state)
    params = jax.tree.map(lambda p: jnp.asarray(0.6 * rng.normal(size=p.shape), float), shapes)
    return Problem(objective, params, state, Batch(x, y, weights), Context(jax.random.key(1)))


PROBLEMS = {
    "mlp": lambda: problem(mlp((5,), CLASSES, activation=tanh), softmax_cross_entropy()),
    "weights and one-hot": lambda: problem(
        mlp((5,), CLASSES, activation=sigmoid, output=softmax),
        mean_squared(),
        weighted=True,
        one_hot=True,
    ),
    "maxout, summed hinge": lambda: problem(
        serial(maxout(3, 2), dense(CLASSES)), hinge("sum", margin=0.7)
    ),
    "one output": lambda: problem(
        serial(dense(3), prelu(), dense(1)), binary_cross_entropy(), outputs=1, weighted=True
    ),
    "combinators": lambda: problem(
        serial(
            stem=dense(3),
            body=repeat(residual(serial(dense(3), elu())), 2),
            split=parallel(remat(serial(dense(2), gelu())), dense(2), combine="concat"),
            head=dense(CLASSES, use_bias=False),
        ),
        softmax_cross_entropy(label_smoothing=0.1, ignored_label=1),
    ),
    "dropout": lambda: problem(
        serial(dense(4), dropout(0.5), remat(serial(dense(3), dropout(0.3))), tanh()), quadratic()
    ),
}
