"""Objectives: what gradient modes differentiate. Like a layer that ends in a scalar.

forward(params, state, batch, ctx) -> loss, (state, metrics), res
jvp(params, res, tparams)          -> tloss
vjp(params, res, dloss)            -> dparams
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from fbp.layer import Context, Layer, PyTree, dual, pull, push
from fbp.losses.loss import Loss
from fbp.metrics import Metric
from fbp.witness import witness, zero_tangent, zero_tangent_of


class Batch(NamedTuple):
    """Examples along the first axis. weights: (...,) like the losses of the examples, or None."""

    inputs: Any
    targets: Any
    weights: Any = None


class Objective(NamedTuple):
    """See the module's docstring.

    init(key, inputs: ShapeDtypeStruct) -> params, state.
    dual(params, state, batch, ctx, tparams) -> loss, (state, metrics), tloss.
    net and rebuild(net): of an objective that pulls a loss back through a net, so that the net can
    be edited; else None. own_params: whether it has parameters besides the net's.
    """

    name: str
    init: Callable[..., tuple[PyTree, PyTree]]
    forward: Callable[..., tuple[jax.Array, tuple[PyTree, PyTree], PyTree]]
    jvp: Callable[..., jax.Array]
    vjp: Callable[..., PyTree]
    dual: Callable[..., tuple[jax.Array, tuple[PyTree, PyTree], jax.Array]]
    net: Layer | None = None
    rebuild: Callable[[Layer], Objective] | None = None
    own_params: bool = False


def supervised(net: Layer, loss: Loss, metrics: Mapping[str, Metric] | None = None) -> Objective:
    """loss(net(inputs), targets), with `metrics` of the same outputs; the batch is a Batch."""

    def measure(outputs, batch):
        measured = {} if metrics is None else metrics
        return {name: m(outputs, batch.targets, batch.weights) for name, m in measured.items()}

    def forward(params, state, batch: Batch, ctx: Context):
        outputs, state, net_res = net.forward(params, state, batch.inputs, ctx)
        value, loss_res = loss.forward(outputs, batch.targets, batch.weights)
        return value, (state, measure(outputs, batch)), (net_res, loss_res, witness(batch.inputs))

    def jvp(params, res, tparams):
        net_res, loss_res, inputs = res
        return loss.jvp(loss_res, push(net, params, net_res, tparams, zero_tangent_of(inputs)))

    def vjp(params, res, dloss):
        net_res, loss_res, _ = res
        return pull(net, params, net_res, loss.vjp(loss_res, dloss))[0]

    def dual_(params, state, batch: Batch, ctx: Context, tparams):
        tinputs = zero_tangent(batch.inputs)
        outputs, state, toutputs = dual(net, params, state, batch.inputs, ctx, tparams, tinputs)
        value, loss_res = loss.forward(outputs, batch.targets, batch.weights)
        return value, (state, measure(outputs, batch)), loss.jvp(loss_res, toutputs)

    def rebuild(net: Layer) -> Objective:
        return supervised(net, loss, metrics)

    name = f"{loss.name} of {net.name}"
    return Objective(name, net.init, forward, jvp, vjp, dual_, net, rebuild)
