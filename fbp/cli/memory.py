"""Memory of a configured gradient: what is predicted for each mode of saving, what is measured."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, get_args

import jax

from fbp.build import build_gradient, build_objective
from fbp.config.schema import Config, Gpt, Save
from fbp.lab.cost import temp_bytes
from fbp.layer import Context
from fbp.objective import Batch


class Saved(NamedTuple):
    """Bytes between forward and backward in one mode. kept: residuals of the whole loss.
    recomputed: what the backward pass makes anew of them, at a time."""

    save: str
    kept: int
    recomputed: int


def predicted(config: Config, classes: int, batch: Batch) -> list[Saved]:
    """The configured mode first; then the others, of a model that has them."""
    model = config.model
    if not isinstance(model, Gpt):
        return [Saved("all", _kept(config, classes, batch), 0)]

    def kept(save: Save, depth: int = model.depth) -> int:
        every = model.every or _divisor(depth) if save == "every_k" else None
        changed = dataclasses.replace(model, save=save, every=every, depth=depth)
        return _kept(dataclasses.replace(config, model=changed), classes, batch)

    block = kept("all", 2) - kept("all", 1)
    block_input = kept("inputs", 2) - kept("inputs", 1)
    every = model.every or _divisor(model.depth)
    recomputed = {
        "all": 0,
        "inputs": block,
        "every_k": every * block_input + block,
        "reversible": block,
    }
    modes = sorted(get_args(Save), key=lambda save: save != model.save)
    names = {save: f"every_k, every {every}" if save == "every_k" else save for save in modes}
    return [Saved(names[save], kept(save), recomputed[save]) for save in modes]


def measured(config: Config, classes: int, batch: Batch) -> int:
    """Temporary bytes of the configured gradient, as compiled for this machine."""
    objective = build_objective(config, classes)[2]
    gradient = jax.jit(build_gradient(config, objective))
    return temp_bytes(gradient.lower(*_point(objective, batch)).compile())


def _kept(config: Config, classes: int, batch: Batch) -> int:
    objective = build_objective(config, classes)[2]
    res = jax.eval_shape(objective.forward, *_point(objective, batch))[2]
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(res))


def _point(objective, batch: Batch):
    """Shapes of a gradient's arguments."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    params, state = jax.eval_shape(lambda key: objective.init(key, batch.inputs), key)
    return params, state, batch, Context(key)


def _divisor(depth: int) -> int:
    """The one nearest to the square root, at which depth / every + every is least."""
    return min((k for k in range(1, depth + 1) if depth % k == 0), key=lambda k: depth / k + k)
