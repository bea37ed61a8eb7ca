"""Optax's optimizers with what surrounds them: clipping, decay of weights only, accumulation."""

from __future__ import annotations

from typing import Any

import jax
import optax

from fbp.layer import PyTree

DECAYED = ("weight", "weight_x", "weight_h", "table")  # what multiplies; not scales and slopes


def decayed(params: PyTree) -> PyTree:
    """The tree of params with True where weight decay and l2 apply: leaves called DECAYED."""

    return jax.tree_util.tree_map_with_path(lambda path, _: leaf_name(path) in DECAYED, params)


def leaf_name(path: jax.tree_util.KeyPath) -> str:
    """The field or the key by which a leaf's innermost container knows it; "" without one."""
    return str(getattr(path[-1], "name", getattr(path[-1], "key", ""))) if path else ""


def make_optimizer(
    name: str,
    learning_rate: optax.Schedule,
    *,
    clip_norm: float | None = None,
    l2: float = 0.0,
    accumulate: int = 1,
    **options: Any,
) -> optax.GradientTransformation:
    """optax's optimizer `name` with its own `options`, on the gradient's clipped and decayed form.

    clip_norm: the gradient's greatest global norm. l2: times the weights is added to the gradient
    after clipping, so that sgd gives w <- (1 - eta l2) w - eta grad; Nielsen's is lambda / n.
    Decay, coupled or not, spares all but `decayed` leaves. accumulate: that many gradients are
    averaged before an update. Source: Pascanu et al. 2013; Nielsen 2015, chapter 3, eq. 93.
    """
    if "weight_decay" in options:
        options["mask"] = decayed
    chain = [getattr(optax, name)(learning_rate, **options)]
    if l2:
        chain.insert(0, optax.add_decayed_weights(l2, mask=decayed))
    if clip_norm is not None:
        chain.insert(0, optax.clip_by_global_norm(clip_norm))
    optimizer = optax.chain(*chain)
    if accumulate == 1:
        return optimizer
    return optax.MultiSteps(optimizer, accumulate).gradient_transformation()
