"""Rows of the net's table."""

import jax

from fbp.compose import repeat, residual, serial
from fbp.layers import dense, flatten, relu
from fbp.report.data import LayerRow
from fbp.report.layers import layer_rows


def test_rows_have_paths_shapes_and_parameters_of_all_repetitions():
    block = residual(serial(up=dense(6), relu=relu()))
    net = serial(flatten=flatten(), first=dense(6), blocks=repeat(block, 3), last=dense(2))
    x = jax.ShapeDtypeStruct((5, 2, 2), "float32")
    params, state = net.init(jax.random.key(0), x)
    assert layer_rows(net, params, state, x) == [
        LayerRow("flatten", "flatten", "4", 0),
        LayerRow("first", "dense(6)", "6", 30),
        LayerRow("blocks/f/f/up", "dense(6)", "6", 126, times=3),
        LayerRow("blocks/f/f/relu", "relu", "6", 0, times=3),
        LayerRow("last", "dense(2)", "2", 14),
    ]


def test_a_net_of_one_layer_is_one_row():
    x = jax.ShapeDtypeStruct((5, 4), "float32")
    params, state = dense(3).init(jax.random.key(0), x)
    assert layer_rows(dense(3), params, state, x) == [LayerRow("", "dense(3)", "3", 15)]
