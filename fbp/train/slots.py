"""An optimizer's state taken apart by parameter array, so that each is updated by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import optax

from fbp.layer import PyTree
from fbp.train.step import where


class SplitState:
    """The state of an optimizer that treats each entry of a parameter by itself.

    slots: for every parameter array, in the tree's order, the arrays of its shape that the
    optimizer keeps for it. What is left, such as a count of updates, belongs to all.
    """

    def __init__(self, optimizer: optax.GradientTransformation, opt_state: PyTree, params: PyTree):
        self._optimizer = optimizer
        self._params: Any = jax.tree.structure(params)
        shapes = [a.shape for a in jax.tree.leaves(params)]

        def is_like_params(node):
            leaves, structure = jax.tree.flatten(node)
            return structure == self._params and [a.shape for a in leaves] == shapes

        self._tree: Any
        self._nodes, self._tree = jax.tree.flatten(opt_state, is_leaf=is_like_params)
        self._like = [is_like_params(node) for node in self._nodes]
        kept = [jax.tree.leaves(n) for n, k in zip(self._nodes, self._like, strict=True) if k]
        self.slots = [tuple(own) for own in zip(*kept, strict=True)] or [()] * len(shapes)

    def update(
        self, name: str, param: jax.Array, slots: Sequence[jax.Array], grad: jax.Array
    ) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """(param, slots) after the update by one array's gradient. name: its field's, by which
        weight decay is decided."""
        state = self._state([{name: slot} for slot in slots], self._nodes)
        updates, state = self._optimizer.update({name: grad}, state, {name: param})
        param = optax.apply_updates({name: param}, updates)[name]
        return param, tuple(node[name] for node in self._per_array(state))

    def join(self, slots: Sequence[Sequence[jax.Array]], happened: jax.Array) -> PyTree:
        """The whole state with these slots; what belongs to all moves on if the update happened."""
        empty = self._state([{} for k in self._like if k], self._nodes)
        _, moved = self._optimizer.update({}, empty, {})
        trees = [self._params.unflatten(arrays) for arrays in zip(*slots, strict=True)]
        return self._state(trees, self._tree.flatten_up_to(where(happened, moved, empty)))

    def _state(self, trees: Sequence[PyTree], shared: Sequence[PyTree]) -> PyTree:
        """A state with `trees` in place of those that are like params."""
        own = iter(trees)
        nodes = [next(own) if k else s for k, s in zip(self._like, shared, strict=True)]
        return self._tree.unflatten(nodes)

    def _per_array(self, state: PyTree) -> list[PyTree]:
        nodes = self._tree.flatten_up_to(state)
        return [node for node, k in zip(nodes, self._like, strict=True) if k]
