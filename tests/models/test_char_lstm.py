"""The character LSTM: its parts, its size, and that it reads from left to right."""

import jax
import jax.numpy as jnp
import numpy as np

from fbp.layer import Context, leaves
from fbp.models.char_lstm import char_lstm

IDS = jax.ShapeDtypeStruct((2, 5), jnp.int32)


def test_its_size_is_that_of_its_parts():
    params, _ = jax.eval_shape(
        lambda key: char_lstm(65, 8, 16, layers=2).init(key, IDS), jax.random.key(0)
    )
    lstm1, lstm2 = ((inputs + 16 + 1) * 4 * 16 for inputs in (8, 16))
    assert sum(a.size for a in jax.tree.leaves(params)) == 65 * 8 + lstm1 + lstm2 + 16 * 65


def test_dropout_is_behind_every_lstm():
    names = [path[-1] for path, _, _ in leaves(char_lstm(5, 3, 4, layers=2, dropout_rate=0.1))]
    assert names == ["tokens", "lstm1", "dropout1", "lstm2", "dropout2", "head"]


def test_a_prefix_has_the_logits_of_a_prefix():
    net = char_lstm(5, 3, 4, layers=2)
    params, state = net.init(jax.random.key(0), IDS)
    read = jax.jit(lambda ids: net.forward(params, state, ids, Context())[0])
    ids = jnp.array([[0, 4, 2, 2, 1], [3, 1, 1, 0, 0]])
    np.testing.assert_allclose(read(ids)[:, :3], read(ids[:, :3]), rtol=1e-4)
    moved = read(ids.at[0, 0].set(1)) != read(ids)
    assert moved[0].any(axis=-1).all()  # the first id is remembered to the end
    assert not moved[1].any()
