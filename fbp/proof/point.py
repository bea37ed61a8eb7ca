"""Where a case is proved: random parameters, state and input, the same numbers in every dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fbp.compose.parts import spec
from fbp.compose.precision import cast
from fbp.layer import Context, Layer, PyTree
from fbp.proof.cases.case import Case
from fbp.proof.rule import Rule, floats, is_floating, of_layer
from fbp.proof.vectors import random_like

FAR_FROM_KINK = 1 / 16  # so that no difference quotient steps across


class Point(NamedTuple):
    """The arguments of a layer's forward."""

    params: PyTree
    state: PyTree
    x: PyTree
    ctx: Context


def draw(case: Case, seed: int = 0) -> Point:
    """A point in float64 whose numbers bfloat16 represents, so that it is the same in every dtype.

    Parameters are not the initial ones, since a rule that is only right for a scale of 1 or a
    bias of 0 is wrong; state is, moved, and keeps its sign.
    """
    layer, key = case.layer, jax.random.key(seed, impl="unsafe_rbg")  # which compiles fast
    x_key, init_key, ctx_key = jax.random.split(key, 3)

    @jax.jit
    def start(x_key, init_key):
        x = cast(case.inputs(x_key, jnp.dtype(jnp.bfloat16)), jnp.float32)
        return x, layer.init(init_key, spec(x))[1]

    x, state = start(x_key, init_key)
    params = _shapes(layer, x)[0]
    for kink, _ in case.kinks:
        x = np.where(abs(x - kink) < FAR_FROM_KINK, kink + 2 * FAR_FROM_KINK, x)
    params = _replaced(seed, params, lambda a, noise: noise / 2)
    state = _replaced(seed + 1, state, lambda a, noise: a * (1 + np.tanh(noise) / 2))
    point = Point(params, state, x, Context(ctx_key, case.train))
    return at(point, layer, jnp.dtype(jnp.float64))


def at(point: Point, layer: Layer, dtype: jnp.dtype) -> Point:
    """The same numbers in the dtypes the layer itself chooses for an input of `dtype`.

    Where the input is of integers, the parameters alone say the dtype, and all have this one.
    """
    x = _rounded(point.x, jax.tree.map(lambda a: dtype, point.x))
    chosen = bool(floats(x).leaves)
    dtypes = jax.tree.map(lambda a: a.dtype if chosen else dtype, _shapes(layer, x))
    return Point(_rounded(point.params, dtypes[0]), _rounded(point.state, dtypes[1]), x, point.ctx)


def examples(point: Point) -> int:
    """The length of the batch axis, the first that all leaves of x share; 0 for a single vector."""
    lengths = {a.shape[0] if a.ndim > 1 else 0 for a in jax.tree.leaves(point.x)}
    return lengths.pop() if len(lengths) == 1 else 0


def first_examples(point: Point, count: int) -> Point:
    """The same with the first `count` examples only; as it is where there is no batch."""
    if not examples(point):
        return point
    return point._replace(x=jax.tree.map(lambda a: a[:count], point.x))


def rule_at(layer: Layer, point: Point) -> Rule:
    """The layer's rules at this point."""
    return of_layer(layer, *point)


def _shapes(layer: Layer, x: PyTree) -> tuple[PyTree, PyTree]:
    """Shapes and dtypes of parameters and state for an input like x."""
    shape = spec(x)
    return jax.eval_shape(lambda key: layer.init(key, shape), jax.random.key(0))


def _replaced(seed: int, tree: PyTree, change: Callable) -> PyTree:
    """Every floating leaf changed by noise of its shape."""
    found = floats(tree)
    noise = random_like(seed, found.leaves)
    return found.values(tuple(change(a, b) for a, b in zip(found.leaves, noise, strict=True)))


def _rounded(tree: PyTree, dtypes: PyTree) -> PyTree:
    """Floating leaves in the given dtypes, all of them with numbers of bfloat16."""
    return jax.tree.map(
        lambda a, dtype: (
            jnp.asarray(np.asarray(a).astype(jnp.bfloat16).astype(dtype)) if is_floating(a) else a
        ),
        tree,
        dtypes,
    )
