"""What no single value shows: settings that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from fbp.config.error import ConfigError
from fbp.config.schema import (
    Backprop,
    BinaryCrossEntropy,
    CharLstm,
    Config,
    Csv,
    Digits,
    Gpt,
    Idx,
    Mlp,
    Mnist,
    Piecewise,
    Resnet,
    Sgd,
    SoftmaxCrossEntropy,
    Text,
)


def check(config: Config) -> None:
    """Raises ConfigError for the first contradiction."""
    for problem in _problems(config):
        raise ConfigError(problem)


def _problems(config: Config) -> Iterator[str]:
    yield from _data_problems(config)
    yield from _model_problems(config)
    yield from _language_problems(config)
    yield from _example_problems(config)
    yield from _fuse_update_problems(config)
    yield from _schedule_problems(config)
    match config.optimizer:
        case Sgd(nesterov=True, momentum=None):
            yield "optimizer.nesterov = true needs optimizer.momentum, such as 0.9"


def _data_problems(config: Config) -> Iterator[str]:
    data = config.data
    match data:
        case Idx(folder=""):
            yield "data.folder is missing: the folder of the four IDX files"
        case Csv(path=""):
            yield "data.path is missing: the table to read"
        case Digits() | Csv() | Text():
            held_out = data.validation_fraction + data.test_fraction
            if held_out >= 1:
                yield (
                    "data.validation_fraction + data.test_fraction leave nothing to train on: "
                    f"their sum must be below 1, got {held_out:g}"
                )
    match data:
        case (
            Digits(validation_fraction=0) | Csv(validation_fraction=0) | Text(validation_fraction=0)
        ):
            setting = "data.validation_fraction"
        case Mnist(validation=0) | Idx(validation=0):
            setting = "data.validation"
        case _:
            return
    if config.train.patience is not None:
        yield (
            f"train.patience = {config.train.patience} needs a validation split: "
            f"{setting} must be above 0"
        )


def _model_problems(config: Config) -> Iterator[str]:
    match config.model, config.loss:
        case Mlp(output=("sigmoid" | "softmax") as output), (
            (BinaryCrossEntropy() | SoftmaxCrossEntropy()) as loss
        ):
            yield (
                f'model.output = "{output}" squashes what loss {loss.name} squashes again: '
                'it takes logits, so model.output must be "identity"'
            )


def _language_problems(config: Config) -> Iterator[str]:
    model, loss = config.model, config.loss
    if isinstance(model, CharLstm | Gpt) != isinstance(config.data, Text):
        yield (
            f'model.name = "{model.name}" does not fit data.name = "{config.data.name}": '
            "char_lstm and gpt model text, and nothing else does"
        )
    match model:
        case Gpt(heads=heads, features=features, rotary=rotary):
            multiple = 2 * heads if rotary else heads
            if features % multiple:
                yield f"model.features must be a multiple of {multiple}, got {features}"
    match model:
        case Gpt(save="every_k", every=every, depth=depth) if every is None or depth % every:
            yield (
                f'model.save = "every_k" needs model.every, a divisor of model.depth = {depth}, '
                f"got {'none' if every is None else every}"
            )
        case Gpt(save=save, every=int(every)) if save != "every_k":
            yield f'model.every = {every} is for model.save = "every_k", got "{save}"'
    match model:
        case CharLstm(fused=True) | Gpt(fused=True):
            if not isinstance(loss, SoftmaxCrossEntropy):
                yield (
                    "model.fused = true joins the head to softmax_cross_entropy; "
                    f'loss.name is "{loss.name}"'
                )
            if config.train.compute_dtype != config.train.param_dtype:
                yield (
                    "model.fused = true computes in train.param_dtype: train.compute_dtype must be "
                    f'"{config.train.param_dtype}", too'
                )
            if config.train.monitor == "accuracy":
                yield (
                    "model.fused = true makes no logits to take an accuracy of: "
                    'set train.monitor = "loss"'
                )


def _example_problems(config: Config) -> Iterator[str]:
    """Of statistics and clipping of single examples' gradients."""
    gradient, model = config.gradient, config.model
    match gradient:
        case Backprop(example_clip=None, noise_multiplier=noise) if noise > 0:
            yield (
                f"gradient.noise_multiplier = {noise:g} is in units of gradient.example_clip: "
                "set that, too, such as 1.0"
            )
        case Backprop(example_clip=None, statistics=()):
            return
        case Backprop(statistics=statistics):
            wanted = "gradient.statistics" if statistics else "gradient.example_clip"
            if isinstance(model, CharLstm | Gpt) and model.fused:
                yield f"{wanted} needs every example's part of the head: set model.fused = false"
            if isinstance(model, Resnet):
                yield (
                    f"{wanted} needs examples that do not meet, but resnet's batch_norm couples "
                    "them: choose another model.name, such as lenet"
                )
            if "noise_scale" in statistics and config.train.batch_size < 2:
                yield "gradient.statistics: noise_scale needs train.batch_size of at least 2"


def _fuse_update_problems(config: Config) -> Iterator[str]:
    train, gradient = config.train, config.gradient
    if not train.fuse_update:
        return
    whole = "train.fuse_update = true never has the whole gradient"
    if config.optimizer.clip_norm is not None:
        yield f"{whole}, whose norm optimizer.clip_norm bounds: leave one of them out"
    if train.accumulate > 1:
        yield f"{whole}, which train.accumulate = {train.accumulate} adds up: set it to 1"
    match gradient:
        case Backprop(statistics=(), example_clip=None):
            pass
        case Backprop():
            yield f"{whole}, of which gradient.statistics and example_clip are: leave them out"
        case _:
            yield f'{whole}: gradient.mode must be "backprop", got "{gradient.mode}"'
    if train.compute_dtype != train.param_dtype:
        yield (
            "train.fuse_update = true computes in train.param_dtype: train.compute_dtype must be "
            f'"{train.param_dtype}", too'
        )


def _schedule_problems(config: Config) -> Iterator[str]:
    match config.schedule:
        case Piecewise(boundaries=boundaries, factors=factors):
            if len(boundaries) != len(factors):
                yield (
                    "schedule.boundaries and schedule.factors must have the same length, "
                    f"got {len(boundaries)} and {len(factors)}"
                )
            if any(b <= a for a, b in pairwise(boundaries)):
                yield f"schedule.boundaries must be ascending, got {list(boundaries)}"
