"""From a configuration to the functions it names. The only place that knows both."""

from __future__ import annotations

import dataclasses
from typing import Any

import optax

from fbp import layers, losses
from fbp.compose import in_dtype
from fbp.config.schema import (
    CharLstm,
    Config,
    Gpt,
    Lenet,
    LossConfig,
    Maxout,
    Mlp,
    Resnet,
    Text,
)
from fbp.gradients import GradFn, gradient
from fbp.layer import Layer
from fbp.layers.initializers import INITIALIZERS
from fbp.losses import Loss
from fbp.losses.linear_cross_entropy import HeadOptions
from fbp.metrics import accuracy
from fbp.models import lenet, maxout_net, mlp, resnet, resnet20
from fbp.models.char_lstm import char_lstm, fused_char_lstm
from fbp.models.transformer import fused_gpt, gpt
from fbp.objective import Objective, supervised
from fbp.train.fused_update import make_fused_step
from fbp.train.optimizer import make_optimizer
from fbp.train.schedule import SCHEDULES
from fbp.train.step import Step, make_step


def build_model(config: Config, outputs: int) -> Layer:
    """The net a [model] section names, with `outputs` outputs."""
    model = config.model
    if isinstance(model, CharLstm | Gpt):
        return _language_model(model, config, outputs)
    match model:
        case Lenet():
            return lenet(
                outputs,
                features=model.features,
                kernel=model.kernel,
                hidden=model.hidden,
                dropout_rate=model.dropout,
            )
        case Resnet(depth=20):
            return resnet20(outputs, width=model.width)
        case Resnet():
            return resnet(model.depth, outputs, width=model.width)
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


def _language_model(
    model: CharLstm | Gpt, config: Config, vocabulary: int, **head: HeadOptions
) -> Any:
    """The net of a language model or, with head=..., its objective fused with the loss."""
    dtype = config.train.param_dtype
    options: dict[str, Any] = {"dropout_rate": model.dropout, "dtype": dtype, **head}
    match model, config.data:
        case CharLstm() as m, Text():
            lstm = fused_char_lstm if head else char_lstm
            return lstm(vocabulary, m.features, m.hidden, layers=m.layers, **options)
        case Gpt() as m, Text(length=length):
            options |= {
                "rotary": m.rotary,
                "tied": m.tied,
                "approximate_gelu": m.approximate_gelu,
                "save": m.save,
                "every": m.every,
            }
            transformer = fused_gpt if head else gpt
            return transformer(vocabulary, length, m.depth, m.heads, m.features, **options)


def build_loss(loss: LossConfig) -> Loss:
    """The loss a [loss] section names."""
    return getattr(losses, loss.name)(**_options(loss, "name"))


def outputs_for(loss: LossConfig, classes: int) -> int:
    """How many outputs a net needs: one is enough for two classes under a binary loss."""
    return 1 if classes == 2 and loss.name in ("binary_cross_entropy", "hinge") else classes


def build_objective(
    config: Config, classes: int, *, metrics: bool = True
) -> tuple[Layer, Loss, Objective]:
    """(net, loss, objective) in the configured precision; metrics: with accuracy, where it can be
    had."""
    net = build_model(config, outputs_for(config.loss, classes))
    if config.train.compute_dtype != config.train.param_dtype:
        net = in_dtype(net, config.train.compute_dtype, out=config.train.param_dtype)
    loss = build_loss(config.loss)
    if isinstance(config.model, CharLstm | Gpt) and config.model.fused:
        head = HeadOptions(**_options(config.loss, "name"))
        return net, loss, _language_model(config.model, config, classes, head=head)
    return net, loss, supervised(net, loss, {"accuracy": accuracy(loss)} if metrics else None)


def build_gradient(config: Config, objective: Objective) -> GradFn:
    """The gradient mode a [gradient] section names."""
    return gradient(objective, config.gradient.mode, **_options(config.gradient, "mode"))


def build_step(
    config: Config, objective: Objective, optimizer: optax.GradientTransformation
) -> Step:
    """The training step, whose update is fused into the backward pass if configured."""
    average_decay = config.train.average_decay
    if config.train.fuse_update:
        return make_fused_step(objective, optimizer, average_decay=average_decay)
    return make_step(build_gradient(config, objective), optimizer, average_decay=average_decay)


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
