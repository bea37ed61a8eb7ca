"""Counts that can be worked by hand."""

import jax
import jax.numpy as jnp
import pytest

from fbp import Layer, LayerError, remat, repeat, serial
from fbp.layers import dense, dropout, embedding, relu, tanh
from fbp.summary import summarise

BATCH = jax.ShapeDtypeStruct((8, 5), jnp.float32)


def rows(net: Layer, x=BATCH):
    return {"/".join(row.path): row for row in summarise(net, x).rows}


def test_a_dense_layer():
    (row,) = summarise(dense(3), BATCH).rows
    assert (row.layer, row.output, row.times) == ("dense(3)", (8, 3), 1)
    assert row.parameters == 5 * 3 + 3
    assert row.residual_bytes == 8 * 5 * 4
    product = 2 * 8 * 5 * 3  # a multiplication and an addition each
    assert row.forward == product + 8 * 3
    assert row.jvp == 2 * product + 2 * 8 * 3
    assert row.vjp == 2 * product + 7 * 3


def test_rows_in_order_and_totals():
    net = serial(hidden=dense(4), gate=tanh(), out=dense(2))
    found = summarise(net, BATCH)
    assert [row.path for row in found.rows] == [("hidden",), ("gate",), ("out",)]
    assert found.parameters == (5 * 4 + 4) + (4 * 2 + 2)
    assert found.residual_bytes == 4 * 8 * (5 + 4 + 4)
    for rule in ("forward", "jvp", "vjp"):
        assert getattr(found, rule) == sum(getattr(row, rule) for row in found.rows) > 0


def test_repeat_counts_every_repetition():
    once, thrice = rows(serial(f=dense(5))), rows(repeat(dense(5), 3))
    a, b = once["f"], thrice["f"]
    assert (b.times, b.output) == (3, (8, 5))
    for count in ("parameters", "residual_bytes", "forward", "jvp", "vjp"):
        assert getattr(b, count) == 3 * getattr(a, count) > 0


def test_remat_keeps_only_its_input():
    net = serial(dense(7), tanh(), dense(7), tanh())
    plain, less = summarise(net, BATCH), summarise(remat(net), BATCH)
    assert [row.residual_bytes for row in less.rows] == [row.residual_bytes for row in plain.rows]
    key = 2 * 4  # of the context, for the second forward
    assert less.residual_bytes == 8 * 5 * 4 + key < plain.residual_bytes


def test_a_missing_rule_has_no_cost():
    found = summarise(serial(dense(3), relu()._replace(jvp=None)), BATCH)
    assert found.rows[1].jvp is None
    assert found.jvp == found.rows[0].jvp


def test_integer_inputs_and_training_mode():
    tokens = jax.ShapeDtypeStruct((2, 6), jnp.int32)
    found = rows(serial(table=embedding(11, 4), drop=dropout(0.5)), tokens)
    assert found["table"].parameters == 44
    assert found["table"].output == (2, 6, 4)
    assert found["drop"].forward > 0


def test_a_net_that_does_not_fit_names_the_layer():
    with pytest.raises(LayerError, match="layer 0: "):
        summarise(serial(dense(3)), jax.ShapeDtypeStruct((8, 5), jnp.int32))
