"""Tables: which rows learn, and what an id outside does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layer import Context, LayerError
from fbp.layers import embedding, positions
from fbp.layers.embedding import EmbeddingParams
from fbp.layers.table import add_rows, look_up

TABLE = jnp.arange(12.0).reshape(4, 3)


def gradient(layer, ids, dy):
    _, _, res = layer.forward(EmbeddingParams(TABLE), (), ids, Context())
    (dtable,), dx = layer.vjp(EmbeddingParams(TABLE), res, dy)
    assert dx is None
    return dtable


def test_duplicate_ids_add_up():
    ids = jnp.array([[2, 0, 2], [2, 3, 3]])
    dy = jnp.arange(18.0).reshape(2, 3, 3)
    expected = np.zeros((4, 3))
    np.add.at(expected, np.asarray(ids), np.asarray(dy))
    np.testing.assert_array_equal(gradient(embedding(4, 3), ids, dy), expected)


def test_many_duplicates_add_up_in_float32_where_bfloat16_would_stall():
    table, ones = jnp.zeros((2, 1), jnp.bfloat16), jnp.ones((1000, 1), jnp.bfloat16)
    total = add_rows(table, jnp.zeros(1000, int), ones)
    assert (float(total[0, 0]), total.dtype) == (1000, jnp.bfloat16)


def test_padding_reads_as_zero_and_never_learns():
    layer, ids = embedding(4, 3, padding_id=1), jnp.array([1, 2, 1])
    y, _, _ = layer.forward(EmbeddingParams(TABLE), (), ids, Context())
    np.testing.assert_array_equal(y, [[0, 0, 0], [6, 7, 8], [0, 0, 0]])
    dtable = gradient(layer, ids, jnp.ones((3, 3)))
    np.testing.assert_array_equal(dtable.any(axis=1), [False, False, True, False])


@pytest.mark.parametrize("bad", [-1, 4])
def test_an_id_outside_is_an_error_at_the_door_and_never_wraps(bad):
    layer, ids = embedding(4, 3), jnp.array([0, bad])
    with pytest.raises(LayerError, match=rf"id {bad} is outside the table: expected 0 \.\. 3"):
        layer.forward(EmbeddingParams(TABLE), (), ids, Context())
    rows = jax.jit(lambda i: look_up(TABLE, i, jnp.nan))(ids)
    assert jnp.isnan(rows[1]).all()
    np.testing.assert_array_equal(rows[0], TABLE[0])
    dtable = jax.jit(lambda i: add_rows(TABLE, i, jnp.ones((2, 3))))(ids)
    np.testing.assert_array_equal(dtable, [[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_positions_learn_where_the_sequence_is():
    layer, x = positions(4), jnp.zeros((2, 2, 3))
    y, _, res = layer.forward(EmbeddingParams(TABLE), (), x, Context())
    np.testing.assert_array_equal(y[1], TABLE[:2])
    (dtable,), dx = layer.vjp(EmbeddingParams(TABLE), res, y)
    np.testing.assert_array_equal(dtable, jnp.concatenate([2 * TABLE[:2], jnp.zeros((2, 3))]))
    np.testing.assert_array_equal(dx, y)


def test_what_does_not_fit_is_refused():
    floats, long = (jax.ShapeDtypeStruct(s, jnp.float32) for s in ((2, 3), (1, 5, 3)))
    with pytest.raises(LayerError, match="embedding takes integer ids, got float32"):
        embedding(4, 3).init(jax.random.key(0), floats)
    with pytest.raises(LayerError, match="length <= 4"):
        positions(4).init(jax.random.key(0), long)
