"""From a configuration to the functions it names. The only place that knows both."""

from __future__ import annotations

import dataclasses

import optax

from fbp import layers, losses
from fbp.compose import in_dtype
from fbp.config.schema import Config, LossConfig, Maxout, Mlp, Model
from fbp.gradients import GradFn, gradient
from fbp.layer import Layer
from fbp.layers.initializers import INITIALIZERS
from fbp.losses import Loss
from fbp.metrics import accuracy
from fbp.models import maxout_net, mlp
from fbp.objective import Objective, supervised
from fbp.train.optimizer import make_optimizer
from fbp.train.schedule import SCHEDULES


def build_model(model: Model, outputs: int) -> Layer:
    """The net a [model] section names, with `outputs` outputs."""
    inits = {
        "weight_init": INITIALIZERS[model.weight_init],
        "bias_init": INITIALIZERS[model.bias_init],
    }
    match model:
        case Mlp():
            return mlp(
                model.widths,
                outputs,
                activation=getattr(layers, model.activation),
                output=getattr(layers, model.output),
                dropout_rate=model.dropout,
                **inits,
            )
        case Maxout():
            return maxout_net(
                model.widths, outputs, pieces=model.pieces, dropout_rate=model.dropout, **inits
            )


def build_loss(loss: LossConfig) -> Loss:
    """The loss a [loss] section names."""
    return getattr(losses, loss.name)(**_options(loss, "name"))


def outputs_for(loss: LossConfig, classes: int) -> int:
    """How many outputs a net needs: one is enough for two classes under a binary loss."""
    return 1 if classes == 2 and loss.name in ("binary_cross_entropy", "hinge") else classes


def build_objective(config: Config, classes: int) -> tuple[Layer, Loss, Objective]:
    """(net, loss, objective) in the configured precision."""
    net = build_model(config.model, outputs_for(config.loss, classes))
    if config.train.compute_dtype != config.train.param_dtype:
        net = in_dtype(net, config.train.compute_dtype, out=config.train.param_dtype)
    loss = build_loss(config.loss)
    return net, loss, supervised(net, loss, {"accuracy": accuracy(loss)})


def build_gradient(config: Config, objective: Objective) -> GradFn:
    """The gradient mode a [gradient] section names."""
    return gradient(objective, config.gradient.mode, **_options(config.gradient, "mode"))


def build_schedule(config: Config, steps: int) -> optax.Schedule:
    """The learning rate by update, for a run of `steps` batches."""
    make = SCHEDULES[config.schedule.name]
    updates = steps // config.train.accumulate
    return make(config.optimizer.learning_rate, updates, **_options(config.schedule, "name"))


def build_optimizer(
    config: Config, learning_rate: optax.Schedule, n_examples: int
) -> optax.GradientTransformation:
    """The optimizer an [optimizer] section names; its l2 is Nielsen's lambda / n_examples."""
    options = _options(config.optimizer, "name")
    del options["learning_rate"]
    options["l2"] /= n_examples
    name = config.optimizer.name
    return make_optimizer(name, learning_rate, accumulate=config.train.accumulate, **options)


def _options(section, tag: str) -> dict:
    return {k: v for k, v in dataclasses.asdict(section).items() if k != tag}
