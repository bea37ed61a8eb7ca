"""Mistakes in the fused head: what its gradient, made in the forward, forgets."""

import jax.numpy as jnp

from fbp.fused_head import fused_head
from fbp.layer import Layer
from fbp.proof.cases import fused_head as cases
from fbp.proof.cases.case import of_objective
from fbp.proof.mutants.mutant import Mutant, keeping


def without(name: str, weights=cases.weights, **changes) -> Mutant:
    """The gradient of other options, under the loss of the right ones."""
    options = cases.everything._replace(**changes)
    head = fused_head(cases.body, cases.VOCABULARY, options)
    return Mutant(name, "fused_head/everything", keeping(of_objective(head, cases.labels, weights)))


def over_padded_vocabulary(layer: Layer) -> Layer:
    """The head with a column of zeros more, up to a round size: its logit takes probability."""

    def forward(params, state, x, ctx):
        weight = jnp.pad(params["head"].weight, ((0, 0), (0, 1)))
        padded = params | {"head": params["head"]._replace(weight=weight)}
        body, head, inputs = layer.forward(padded, state, x, ctx)[2]
        return None, None, (body, head._replace(dweight=head.dweight[:, :-1]), inputs)

    return keeping(layer._replace(forward=forward))(layer)


# Each token's share of the mean; tokens come in chunks of four, so that the last holds two.
shares = jnp.broadcast_to(cases.weights[:, None], cases.labels.shape)
shares = shares / jnp.sum(jnp.where(cases.labels == cases.everything.ignored_label, 0, shares))

MUTANTS = (
    Mutant("padding of the vocabulary not masked", "fused_head", over_padded_vocabulary),
    without("ragged last chunk dropped", shares.at[1, 3:].set(0), reduction="sum"),
    without(
        "last chunk begins early, so that two tokens count twice",
        shares.at[1, 1:3].multiply(2),
        reduction="sum",
    ),
    without("smoothing forgotten", label_smoothing=0.0),
    without("ignored labels learn", ignored_label=None),
    without("z-loss forgotten", z_loss=0.0),
    without("soft cap forgotten", soft_cap=None),
    without("weights forgotten", weights=None),
    without("sum for the mean", reduction="sum"),
)
