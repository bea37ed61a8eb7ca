"""What the two JAX peers have alike: the case's arrays, its optimizer, and names of leaves."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from layout import Places, ours
from protocol import Given, unknown


def batch_of(given: Given) -> tuple[jax.Array, jax.Array]:
    """Inputs and targets; of a case in float64, after allowing it."""
    if any(value.dtype == np.float64 for value in given.params.values()):
        jax.config.update("jax_enable_x64", True)
    return jnp.asarray(given.inputs), jnp.asarray(given.targets)


def at_point(tree: Any, places: Places, given: Given) -> Any:
    """A tree of parameters with the case's values; what is no array stays."""

    def value(path, leaf):
        if not isinstance(leaf, jax.Array):
            return leaf
        return jnp.asarray(places[_name(path)].theirs(given).reshape(leaf.shape))

    return jax.tree_util.tree_map_with_path(value, tree)


def as_ours(tree: Any, places: Places, given: Given) -> dict[str, np.ndarray]:
    """The arrays in a tree like the parameters, as the case's."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    arrays = {_name(path): np.asarray(leaf) for path, leaf in leaves if isinstance(leaf, jax.Array)}
    return ours(places, arrays, given)


def _name(path: jax.tree_util.KeyPath) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def optimizer_for(given: Given) -> optax.GradientTransformation:
    """The case's optimizer; decay spares biases and norms."""
    options = dict(vars(given.config.optimizer))
    name, rate = options.pop("name"), options.pop("learning_rate")
    match name:
        case "sgd":
            return optax.sgd(rate, momentum=options["momentum"])
        case "adam":
            return optax.adam(rate, options["b1"], options["b2"], options["eps"])
        case "adamw":
            return optax.adamw(
                rate,
                options["b1"],
                options["b2"],
                options["eps"],
                weight_decay=options["weight_decay"],
                mask=lambda params: jax.tree.map(lambda p: p.ndim >= 2, params),
            )
    raise unknown(given)
