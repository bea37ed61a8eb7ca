"""serial is the chain rule; its errors lead to the layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, serial
from fbp.layer import leaves
from fbp.layers import dense, tanh

SPEC = jax.ShapeDtypeStruct((2, 3), "float32")
KEY = jax.random.key(0)


def test_positional_parameters_are_a_tuple_and_named_ones_a_dict():
    params, state = serial(dense(4), tanh()).init(KEY, SPEC)
    assert [type(p).__name__ for p in params] == ["DenseParams", "tuple"]
    assert state == ((), ())
    params, state = serial(hidden=dense(4), act=tanh()).init(KEY, SPEC)
    assert list(params) == ["hidden", "act"]
    assert state == {"hidden": (), "act": ()}


def test_every_part_has_weights_of_its_own():
    params, _ = serial(dense(3), dense(3)).init(KEY, SPEC)
    assert (params[0].weight != params[1].weight).any()


def test_the_chain_rule_written_out():
    first, second = dense(4), tanh()
    net = serial(first, second)
    params, state = net.init(KEY, SPEC)
    x, dy = jax.random.normal(KEY, (2, 3)), jnp.ones((2, 4))
    y, _, res = net.forward(params, state, x, Context())
    h, _, res1 = first.forward(params[0], (), x, Context())
    y2, _, res2 = second.forward((), (), h, Context())
    np.testing.assert_array_equal(y, y2)
    (dparams, _), dx = net.vjp(params, res, dy)
    expected, dx1 = first.vjp(params[0], res1, second.vjp((), res2, dy)[1])
    jax.tree.map(np.testing.assert_array_equal, (dparams, dx), (expected, dx1))


def test_a_misfit_names_the_path_and_the_shape():
    inner = dense(4)._replace(forward=lambda p, s, x, ctx: (x @ jnp.ones((5, 2)), s, x))
    net = serial(stem=dense(3), body=serial(dense(6), inner))
    with pytest.raises(LayerError) as caught:
        net.init(KEY, SPEC)
    assert str(caught.value).startswith("layer body/1: dense(4) does not take float32[2, 6]: ")


@pytest.mark.parametrize("mode", ["jvp", "vjp"])
def test_a_missing_rule_names_the_layer_with_its_path(mode):
    net = serial(stem=dense(3), body=serial(tanh()._replace(**{mode: None})))
    params, state = net.init(KEY, SPEC)
    x = jnp.ones((2, 3))
    y, _, res = net.forward(params, state, x, Context())
    with pytest.raises(LayerError, match=f"^layer body/0: tanh has no {mode}: write one, or"):
        net.vjp(params, res, y) if mode == "vjp" else net.jvp(params, res, params, x)


@pytest.mark.parametrize(
    ("layers", "named", "message"),
    [
        ((), {}, "serial takes at least one layer"),
        ((dense(2),), {"a": dense(2)}, "all by position or all by name"),
        ((dense,), {}, "layer 0: expected a Layer, got function: a constructor such as"),
    ],
)
def test_refused_parts(layers, named, message):
    with pytest.raises(LayerError, match=message):
        serial(*layers, **named)


def test_parts_can_be_walked():
    net = serial(stem=dense(3), body=serial(dense(6), tanh()))
    found = [("/".join(path), layer.name) for path, layer, _ in leaves(net)]
    assert found == [("stem", "dense(3)"), ("body/0", "dense(6)"), ("body/1", "tanh")]
