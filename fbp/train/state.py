"""Everything a training run carries from step to step."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from fbp.layer import PyTree
from fbp.objective import Objective


class TrainState(NamedTuple):
    """params, the net's state, the optimizer's state, the step count, the run's PRNG key.

    average: the parameters' exponential moving average, or None without one.
    """

    params: PyTree
    state: PyTree
    opt_state: optax.OptState
    step: jax.Array
    key: jax.Array
    average: PyTree = None


def init_train_state(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    inputs: PyTree,
    *,
    average: bool = False,
) -> TrainState:
    """The state before step 0. inputs: ShapeDtypeStruct of one batch of inputs."""
    init_key, run_key = jax.random.split(key)
    params, state = objective.init(init_key, inputs)
    opt_state = optimizer.init(params)
    # A copy, so that donating the state never donates one buffer twice.
    copy = jax.tree.map(jnp.copy, params) if average else None
    return TrainState(params, state, opt_state, jnp.zeros((), jnp.int32), run_key, copy)
