"""One table at both ends: what it computes, and its two gradients added."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.compose import serial, tied_embedding
from fbp.compose.tied import TiedParams
from fbp.layer import Context, LayerError
from fbp.layers import dense, dropout, identity

IDS = jnp.array([[0, 2, 2], [1, 0, 2]])


def shape(ids):
    return jax.ShapeDtypeStruct(ids.shape, ids.dtype)


def test_the_gradients_of_both_ends_add(x64):
    """An untied net, whose table and head hold the same numbers, has them apart."""
    net = tied_embedding(4, 3, dense(3), dtype="float64")
    params, state = net.init(jax.random.key(0), shape(IDS))
    dy = jax.random.normal(jax.random.key(1), (2, 3, 4))

    def untied(table, head, trunk):
        return (table[IDS] @ trunk.weight + trunk.bias) @ head.T

    y, _, res = net.forward(params, state, IDS, Context())
    expected, pull = jax.vjp(untied, params.table, params.table, params.trunk)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    dparams, dx = net.vjp(params, res, dy)
    dtable, dhead, dtrunk = pull(dy)
    assert dx is None
    np.testing.assert_allclose(dparams.table, dtable + dhead, atol=1e-14)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-14), dparams.trunk, dtrunk)


def test_a_row_that_is_not_read_still_learns_as_an_answer():
    net = tied_embedding(4, 2, identity())
    params = TiedParams(jnp.arange(8.0).reshape(4, 2), ())
    _, _, res = net.forward(params, (), jnp.array([1]), Context())
    dparams, _ = net.vjp(params, res, jnp.array([[0.0, 0, 0, 1]]))
    np.testing.assert_array_equal(dparams.table, [[0, 0], [6, 7], [0, 0], [2, 3]])


def test_the_trunk_sees_the_context_and_is_a_part():
    net = tied_embedding(4, 2, serial(drop=dropout(0.5)))
    params, state = net.init(jax.random.key(0), shape(IDS))
    with pytest.raises(LayerError, match=r"trunk/drop: .*key"):
        net.forward(params, state, IDS, Context())
    evaluated, *_ = net.forward(params, state, IDS, Context(train=False))
    np.testing.assert_allclose(evaluated, params.table[IDS] @ params.table.T, rtol=1e-6)
    assert [part.name for part in net.parts] == ["trunk"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(LayerError, match="trunk maps 3 features to"):
        tied_embedding(4, 3, dense(2)).init(jax.random.key(0), shape(IDS))
    with pytest.raises(LayerError, match="integer ids"):
        tied_embedding(4, 3, dense(3)).init(jax.random.key(0), shape(1.0 * IDS))
    net = tied_embedding(4, 3, dense(3))
    params, state = net.init(jax.random.key(0), shape(IDS))
    with pytest.raises(LayerError, match="id 9 is outside the table"):
        net.forward(params, state, jnp.array([0, 9]), Context())
