"""Which usual code computes what a configured model computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fbp.config import schema
from fbp.errors import FbpError
from fbp.lab.usual.convolutional import lenet_loss, resnet20_loss
from fbp.lab.usual.dense import mlp_loss
from fbp.lab.usual.recurrent import char_lstm_loss
from fbp.lab.usual.transformer import gpt_loss

UsualLoss = Callable[..., tuple]  # (params, state, batch, remat=False) -> (loss, state)


def usual_loss(config: schema.Config) -> UsualLoss:
    """The loss of a config's model in usual JAX code. Raises FbpError where there is none."""
    model = config.model
    match model:
        case schema.Mlp(dropout=0.0, output="identity" | "sigmoid"):
            activation = model.activation
            return partial(mlp_loss, activation=activation, squared=config.loss.name == "quadratic")
        case schema.Lenet(dropout=0.0):
            return lenet_loss
        case schema.Resnet(depth=20):
            return resnet20_loss
        case schema.CharLstm(layers=1, dropout=0.0):
            return char_lstm_loss
        case schema.Gpt(dropout=0.0, rotary=False):
            return partial(
                gpt_loss,
                heads=model.heads,
                approximate_gelu=model.approximate_gelu,
                dtype=config.train.compute_dtype,
            )
    raise FbpError(f"there is no usual code for model.name = {model.name!r} with these settings")
