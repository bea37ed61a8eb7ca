"""Nets whose vjp measures each parameter's per-example gradients beside summing them."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fbp.layer import Layer, LayerError, PyTree, pull
from fbp.layers.factors import Factor


class Measured(NamedTuple):
    """In place of one parameter's gradient: the gradient and, over the examples of the batch, the
    squared norms (batch,) and the sum of elementwise squares (or None) of what each put in.

    Under `repeat` all three have a first axis of its length.
    """

    gradient: jax.Array
    squared_norms: jax.Array
    second_moment: jax.Array | None


def measured(net: Layer, *, second_moment: bool) -> Layer:
    """The same net, whose vjp gives a Measured for each parameter; combinators carry it along.

    The vjp raises LayerError for a layer with parameters that has no `factors` rule.
    """
    if net.parts:
        assert net.rebuild is not None, f"{net.name} has parts but no rebuild"
        net = net.rebuild([measured(p.layer, second_moment=second_moment) for p in net.parts])
    layer = net

    def measure(factor, param):
        if isinstance(factor, Measured):  # of a part
            return factor
        squares = factor.second_moment() if second_moment else None
        return Measured(factor.total().astype(param.dtype), factor.squared_norms(), squares)

    def vjp(params, res, dy):
        assert layer.factors is not None
        factors, dx = layer.factors(params, res, dy)
        return jax.tree.map(measure, factors, params, is_leaf=_is_known), dx

    def vjp_without_parameters(params, res, dy):
        if jax.tree.leaves(params):
            raise LayerError(
                f"{layer.name} has no per-example gradients: give it a factors rule, or switch "
                "gradient statistics and per-example clipping off"
            )
        return pull(layer, params, res, dy)

    if layer.factors is not None:
        return layer._replace(vjp=vjp)
    return layer if layer.parts else layer._replace(vjp=vjp_without_parameters)


def unzip(tree: PyTree) -> tuple[PyTree, PyTree, PyTree]:
    """(gradients, squared norms (batch,), second moments) of a tree of Measured."""
    nodes, structure = jax.tree.flatten(tree, is_leaf=lambda node: isinstance(node, Measured))
    norms = [jnp.sum(n.squared_norms, axis=tuple(range(n.squared_norms.ndim - 1))) for n in nodes]
    columns = ([n.gradient for n in nodes], norms, [n.second_moment for n in nodes])
    gradients, norms, squares = (jax.tree.unflatten(structure, c) for c in columns)
    return gradients, norms, squares


def _is_known(node) -> bool:
    return isinstance(node, Factor | Measured)
