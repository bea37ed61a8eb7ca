"""A layer or an objective as an ordinary JAX function that carries both hand-written rules."""

from __future__ import annotations

from collections.abc import Callable

import jax

from fbp.compose.parts import spec
from fbp.layer import Context, Layer, LayerError, PyTree, pull, push
from fbp.objective import Objective
from fbp.transform.with_rules import with_rules


def as_jax(
    layer: Layer | Objective, state: PyTree | None = None, ctx: Context | None = None
) -> Callable[[PyTree, PyTree], PyTree]:
    """f(params, x) -> y, or f(params, batch) -> loss of an objective: JAX's reverse mode of f runs
    the hand-written vjp and its forward mode the hand-written jvp, under every transformation.

    A second derivative differentiates the rule that the first one ran.
    state: what `init` returned, or None for a layer that keeps none; its update is dropped, see
    as_jax_with_state. ctx: None is Context(), training without a key.
    f raises LayerError without the state of a layer that keeps one, and what
    as_jax_with_state's function raises.
    """
    apply = as_jax_with_state(layer)
    ctx = Context() if ctx is None else ctx

    def f(params, x):
        known = no_state(layer, x) if state is None else state
        return apply(params, known, x, ctx)[0]

    return f


def no_state(layer: Layer | Objective, x: PyTree) -> PyTree:
    """The state of a layer that keeps none: a tree without arrays.

    x: the layer's input, or an objective's Batch. Raises LayerError for a layer that keeps state.
    """
    inputs = x.inputs if isinstance(layer, Objective) else x
    state = jax.eval_shape(lambda: layer.init(jax.random.key(0), spec(inputs)))[1]
    if jax.tree.leaves(state):
        raise LayerError(f"{layer.name} keeps state: pass as_jax the state that init returned")
    return state


def as_jax_with_state(
    layer: Layer | Objective,
) -> Callable[[PyTree, PyTree, PyTree, Context], tuple[PyTree, PyTree]]:
    """f(params, state, x, ctx) -> y, new_state, or -> loss, (new_state, metrics) for an objective.

    The second output has no derivative, as jax.grad(f, has_aux=True) wants it.
    f raises LayerError, when it is differentiated: if the rule that JAX needs is missing or
    returns other shapes than it should, and in state, ctx or an objective's batch, in which there
    is no derivative to take.
    """
    if isinstance(layer, Objective):
        return _objective_as_jax(layer)

    def forward(operand, constants):
        params, x = operand
        state, ctx = constants
        return layer.forward(params, state, x, ctx)

    def push_(params, res, tparams, tx):
        return push(layer, params, res, tparams, tx)

    def pull_(params, res, dy):
        return pull(layer, params, res, dy)

    ruled = with_rules(layer.name, forward, push_, pull_)

    def f(params, state, x, ctx):
        return ruled((params, x), (state, ctx))

    return f


def _objective_as_jax(objective: Objective):
    def forward(operand, constants):
        state, batch, ctx = constants
        return objective.forward(*operand, state, batch, ctx)

    ruled = with_rules(objective.name, forward, objective.jvp, objective.vjp)

    def f(params, state, batch, ctx):
        return ruled((params,), (state, batch, ctx))

    return f
