"""Flax NNX, its loop as in its basics: nnx.jit of nnx.value_and_grad and nnx.Optimizer.update."""

from __future__ import annotations

from typing import Any

from protocol import Given, serve, unknown  # isort: skip  (first: it takes the time)

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from flax_nets import Gpt, Lenet, Mlp
from jax_training import as_ours, at_point, batch_of, optimizer_for

NETS: dict[str, Any] = {"mlp": Mlp, "lenet": Lenet, "gpt": Gpt}


def loss(model, inputs, targets):
    logits = model(inputs)
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


@nnx.jit
def train_step(model, optimizer, inputs, targets):
    value, grads = nnx.value_and_grad(loss)(model, inputs, targets)
    optimizer.update(model, grads)
    return value


class Training:
    """A step is one call of train_step, which updates model and optimizer in place."""

    def __init__(self, given: Given):
        if given.config.model.name not in NETS:
            raise unknown(given)
        self.given = given
        self.batch = batch_of(given)
        self.model = NETS[given.config.model.name](given, nnx.Rngs(0))
        self.places = self.model.places()
        params = nnx.to_pure_dict(nnx.state(self.model, nnx.Param))
        nnx.update(self.model, at_point(params, self.places, given))
        self.optimizer = nnx.Optimizer(self.model, optimizer_for(given), wrt=nnx.Param)
        self.start = jax.tree.map(jnp.copy, (nnx.state(self.model), nnx.state(self.optimizer)))

    def gradient(self):
        value, grads = nnx.jit(nnx.value_and_grad(loss))(self.model, *self.batch)
        return float(value), as_ours(nnx.to_pure_dict(grads), self.places, self.given)

    def stepped(self):
        params = nnx.to_pure_dict(nnx.state(self.model, nnx.Param))
        return as_ours(params, self.places, self.given)

    def reset(self):
        model, optimizer = jax.tree.map(jnp.copy, self.start)
        nnx.update(self.model, model)
        nnx.update(self.optimizer, optimizer)
        jax.block_until_ready((model, optimizer))

    def steps(self, n):
        for _ in range(n):
            value = train_step(self.model, self.optimizer, *self.batch)
        jax.block_until_ready((nnx.state(self.model), nnx.state(self.optimizer), value))


if __name__ == "__main__":
    serve(Training)
