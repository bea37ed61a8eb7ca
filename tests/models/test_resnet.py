"""Residual nets: known parameter counts, shapes, and one gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.compose.parts import init_and_shape
from fbp.errors import FbpError
from fbp.layer import Context
from fbp.models import resnet, resnet20
from fbp.models.resnet import bottleneck


def count(net, shape):
    """How many parameters; nothing is computed."""
    x = jax.ShapeDtypeStruct(shape, "float32")
    params = jax.eval_shape(lambda key: net.init(key, x)[0], jax.random.key(0))
    return sum(a.size for a in jax.tree.leaves(params))


# torchvision.models.resnetN().parameters(), 1000 classes.
@pytest.mark.parametrize(
    ("depth", "parameters"),
    [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)],
)
def test_parameter_counts_are_torchvisions(depth, parameters):
    assert count(resnet(depth, 1000), (2, 224, 224, 3)) == parameters


def test_resnet20_has_its_size():
    # 19 convolutions of section 4.2, their batch norms, two projections with theirs, and the head
    assert count(resnet20(10), (2, 32, 32, 3)) == 272_474


def test_a_bottleneck_strides_in_its_middle():
    f = bottleneck(2, stride=2).parts[0].layer.parts[0].layer
    x, shapes = jax.ShapeDtypeStruct((1, 8, 8, 4), "float32"), []
    for _, layer, _ in f.parts:
        x = init_and_shape(layer, jax.random.key(0), x)[2]
        shapes.append(x.shape)
    assert shapes[0] == (1, 8, 8, 2)
    assert shapes[2] == (1, 4, 4, 2)
    assert shapes[4] == (1, 4, 4, 8)


def test_an_unknown_depth_is_named():
    with pytest.raises(FbpError, match="no ResNet-20: choose one of 18, 34, 50, 101, 152"):
        resnet(20, 10)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [18, 152])
def test_small_nets_gradient_is_autodiffs(x64, depth):
    net = resnet(depth, 3, width=2)
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((3, 33, 32, 3)))
    dy = jnp.asarray(rng.standard_normal((3, 3)))
    spec = jax.ShapeDtypeStruct(x.shape, x.dtype)
    params, state = jax.jit(lambda key: net.init(key, spec))(jax.random.key(0))

    @jax.jit
    def both(params, x):
        _, _, res = net.forward(params, state, x, Context())
        by_hand = net.vjp(params, res, dy)
        _, pull = jax.vjp(lambda p, x: net.forward(p, state, x, Context())[0], params, x)
        return by_hand, pull(dy)

    def close(found, expected):
        bound = 1e-10 * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound)

    jax.tree.map(close, *both(params, x))
