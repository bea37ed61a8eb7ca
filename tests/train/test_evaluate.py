import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import serial, supervised
from fbp.data import Split
from fbp.layers import dense, dropout
from fbp.losses import softmax_cross_entropy
from fbp.metrics import accuracy
from fbp.train.evaluate import EXAMPLES, make_evaluate
from fbp.train.state import TrainState

LOSS = softmax_cross_entropy()
NET = serial(dropout(0.5), dense(3))
N = 2 * EXAMPLES + 17  # two whole batches, and a rest
INPUTS = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
TARGETS = (np.arange(N) % 3).astype(np.int32)
PARAMS, STATE = NET.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 5), jnp.float32))


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("averaged", [True, False])
def test_every_example_counts_once_and_the_average_is_preferred(in_memory, averaged):
    objective = supervised(NET, LOSS, {"accuracy": accuracy(LOSS)})
    evaluate = make_evaluate(
        objective, Split(INPUTS, TARGETS), batch_size=8, dtype="float32", in_memory=in_memory
    )
    other = jax.tree.map(jnp.zeros_like, PARAMS)
    params, average = (other, PARAMS) if averaged else (PARAMS, None)
    found = evaluate(TrainState(params, STATE, None, jnp.int32(0), None, average))
    logits = INPUTS @ np.asarray(PARAMS[1].weight) + np.asarray(PARAMS[1].bias)
    expected = LOSS.forward(jnp.asarray(logits), jnp.asarray(TARGETS))[0]
    assert list(found) == ["loss", "accuracy"]
    assert found["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert found["accuracy"] == pytest.approx(np.mean(logits.argmax(1) == TARGETS))


def test_sequences_weigh_every_target():
    """Targets (n, T): the batch that is filled up counts only its own examples."""
    net = serial(dense(3))
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 2, 5), jnp.float32))
    n = EXAMPLES + 3
    inputs, targets = INPUTS[: 2 * n].reshape(n, 2, 5), TARGETS[: 2 * n].reshape(n, 2)
    evaluate = make_evaluate(
        supervised(net, LOSS), Split(inputs, targets), batch_size=8, dtype="float32", in_memory=True
    )
    found = evaluate(TrainState(params, state, None, jnp.int32(0), None))
    expected = LOSS.forward(inputs @ params[0].weight + params[0].bias, jnp.asarray(targets))[0]
    assert found["loss"] == pytest.approx(float(expected), rel=1e-5)
