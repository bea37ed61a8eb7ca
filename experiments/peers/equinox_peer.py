"""Equinox, its loop as in its guide to MNIST: vmap of one example's net, filter_jit of a step."""

from __future__ import annotations

from typing import Any

from protocol import Given, serve, unknown  # isort: skip  (first: it takes the time)

import equinox as eqx
import jax
import optax
from equinox_nets import Gpt, Lenet, Mlp
from jax_training import as_ours, at_point, batch_of, optimizer_for

NETS: dict[str, Any] = {"mlp": Mlp, "lenet": Lenet, "gpt": Gpt}


def loss(model, inputs, targets):
    logits = jax.vmap(model)(inputs)
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


class Training:
    """A step is one call of a jitted function of model, optimizer's state and batch."""

    def __init__(self, given: Given):
        if given.config.model.name not in NETS:
            raise unknown(given)
        self.given = given
        self.batch = batch_of(given)
        model = NETS[given.config.model.name](given, jax.random.key(0))
        self.places = model.places()
        self.start = at_point(model, self.places, given)
        self.optimizer = optimizer_for(given)

        @eqx.filter_jit
        def make_step(model, opt_state, inputs, targets):
            value, grads = eqx.filter_value_and_grad(loss)(model, inputs, targets)
            params = eqx.filter(model, eqx.is_array)
            updates, opt_state = self.optimizer.update(grads, opt_state, params)
            return eqx.apply_updates(model, updates), opt_state, value

        self.make_step = make_step
        self.reset()

    def gradient(self):
        value, grads = eqx.filter_jit(eqx.filter_value_and_grad(loss))(self.start, *self.batch)
        return float(value), as_ours(grads, self.places, self.given)

    def stepped(self):
        return as_ours(self.model, self.places, self.given)

    def reset(self):
        self.model = self.start
        self.opt_state = self.optimizer.init(eqx.filter(self.model, eqx.is_array))
        jax.block_until_ready(self.opt_state)

    def steps(self, n):
        for _ in range(n):
            self.model, self.opt_state, value = self.make_step(
                self.model, self.opt_state, *self.batch
            )
        jax.block_until_ready((eqx.filter(self.model, eqx.is_array), self.opt_state, value))


if __name__ == "__main__":
    serve(Training)
