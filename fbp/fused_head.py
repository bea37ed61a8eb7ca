"""Objectives whose output head and loss are one rule: large vocabularies without their logits.

They run on the parameters of the plain net, so that a net trained by one is used by the other.
"""

from __future__ import annotations

from fbp.compose import serial, tied_embedding
from fbp.layer import Context, Layer, dual, pull, push, within
from fbp.layers import dense
from fbp.layers.dense import DenseParams
from fbp.layers.embedding import require_inside
from fbp.layers.initializers import Initializer, lecun_normal, small_normal
from fbp.layers.table import add_rows, look_up
from fbp.losses.linear_cross_entropy import (
    HeadOptions,
    linear_cross_entropy_forward,
    linear_cross_entropy_jvp,
    linear_cross_entropy_vjp,
)
from fbp.objective import Batch, Objective
from fbp.witness import witness, zero_tangent, zero_tangent_of

PLAIN = HeadOptions()


def headed(body: Layer, vocabulary: int, weight_init: Initializer = lecun_normal) -> Layer:
    """The plain net: body, then a head without bias. Its parameters: {"body", "head"}."""
    return serial(body=body, head=dense(vocabulary, use_bias=False, weight_init=weight_init))


def fused_head(
    body: Layer,
    vocabulary: int,
    options: HeadOptions = PLAIN,
    *,
    weight_init: Initializer = lecun_normal,
) -> Objective:
    """supervised(headed(body, vocabulary), softmax_cross_entropy) in memory linear in the chunk.

    Batch: inputs of body, labels (...), weights one an example or a token. No metrics.
    Source: linear_cross_entropy.
    """

    def at(ctx: Context) -> Context:
        return ctx.child(0)  # body is part 0 of the plain net: it draws the same numbers here

    def rejoin(state, body_state):
        return {"body": body_state, "head": state["head"]}

    def forward(params, state, batch: Batch, ctx):
        with within("body"):
            h, s, body_res = body.forward(params["body"], state["body"], batch.inputs, at(ctx))
        weight = params["head"].weight
        loss, head_res = linear_cross_entropy_forward(
            weight, h, batch.targets, batch.weights, options
        )
        return loss, (rejoin(state, s), {}), (body_res, head_res, witness(batch.inputs))

    def jvp(params, res, tparams):
        body_res, head_res, inputs = res
        with within("body"):
            th = push(body, params["body"], body_res, tparams["body"], zero_tangent_of(inputs))
        return linear_cross_entropy_jvp(head_res, tparams["head"].weight, th)

    def vjp(params, res, dloss):
        body_res, head_res, _ = res
        dweight, dh = linear_cross_entropy_vjp(head_res, dloss)
        with within("body"):
            dbody, _ = pull(body, params["body"], body_res, dh)
        return {"body": dbody, "head": DenseParams(dweight, None)}

    def dual_(params, state, batch: Batch, ctx, tparams):
        tx = zero_tangent(batch.inputs)
        with within("body"):
            h, s, th = dual(
                body, params["body"], state["body"], batch.inputs, at(ctx), tparams["body"], tx
            )
        loss, res = linear_cross_entropy_forward(
            params["head"].weight, h, batch.targets, batch.weights, options
        )
        tloss = linear_cross_entropy_jvp(res, tparams["head"].weight, th)
        return loss, (rejoin(state, s), {}), tloss

    init = headed(body, vocabulary, weight_init).init

    def rebuild(body: Layer) -> Objective:
        return fused_head(body, vocabulary, options, weight_init=weight_init)

    name = "linear_cross_entropy"
    return Objective(name, init, forward, jvp, vjp, dual_, body, rebuild, own_params=True)


def fused_tied_head(
    trunk: Layer,
    vocabulary: int,
    features: int,
    options: HeadOptions = PLAIN,
    *,
    table_init: Initializer = small_normal,
    dtype: str = "float32",
) -> Objective:
    """As fused_head, for tied_embedding(vocabulary, features, trunk) and its parameters."""

    def forward(params, state, batch: Batch, ctx):
        require_inside(batch.inputs, vocabulary)
        x = look_up(params.table, batch.inputs, float("nan"))
        with within("trunk"):
            h, state, trunk_res = trunk.forward(params.trunk, state, x, ctx)
        loss, head_res = linear_cross_entropy_forward(
            params.table.T, h, batch.targets, batch.weights, options
        )
        return loss, (state, {}), (batch.inputs, trunk_res, head_res)

    def jvp(params, res, tparams):
        ids, trunk_res, head_res = res
        with within("trunk"):
            tx = look_up(tparams.table, ids, 0.0)
            th = push(trunk, params.trunk, trunk_res, tparams.trunk, tx)
        return linear_cross_entropy_jvp(head_res, tparams.table.T, th)

    def vjp(params, res, dloss):
        ids, trunk_res, head_res = res
        dweight, dh = linear_cross_entropy_vjp(head_res, dloss)
        with within("trunk"):
            dtrunk, dx = pull(trunk, params.trunk, trunk_res, dh)
        return type(params)(dweight.T + add_rows(params.table, ids, dx), dtrunk)

    def dual_(params, state, batch: Batch, ctx, tparams):
        require_inside(batch.inputs, vocabulary)
        x = look_up(params.table, batch.inputs, float("nan"))
        tx = look_up(tparams.table, batch.inputs, 0.0)
        with within("trunk"):
            h, state, th = dual(trunk, params.trunk, state, x, ctx, tparams.trunk, tx)
        loss, res = linear_cross_entropy_forward(
            params.table.T, h, batch.targets, batch.weights, options
        )
        return loss, (state, {}), linear_cross_entropy_jvp(res, tparams.table.T, th)

    init = tied_embedding(vocabulary, features, trunk, table_init=table_init, dtype=dtype).init

    def rebuild(trunk: Layer) -> Objective:
        return fused_tied_head(
            trunk, vocabulary, features, options, table_init=table_init, dtype=dtype
        )

    name = "linear_cross_entropy, tied"
    return Objective(name, init, forward, jvp, vjp, dual_, trunk, rebuild, own_params=True)
