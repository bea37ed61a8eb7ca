"""LeNet's shapes and parameters."""

import jax

from fbp.compose.parts import init_and_shape
from fbp.models import lenet


def count(params) -> int:
    return sum(a.size for a in jax.tree.leaves(params))


def test_lenet_has_nielsens_sizes():
    x = jax.ShapeDtypeStruct((3, 28, 28), "float32")
    params, _, y = init_and_shape(lenet(10), jax.random.key(0), x)
    assert y.shape == (3, 10)
    assert params["conv2"].weight.shape == (5, 5, 20, 40)
    assert params["dense"].weight.shape == (4 * 4 * 40, 100)
    assert count(params) == (25 + 1) * 20 + (25 * 20 + 1) * 40 + 641 * 100 + 101 * 10


def test_grey_images_may_have_a_channel_or_not():
    net = lenet(3, features=(2,), hidden=4)
    shapes = [(2, 10, 10), (2, 10, 10, 1)]
    specs = [jax.ShapeDtypeStruct(s, "float32") for s in shapes]
    with_and_without = [init_and_shape(net, jax.random.key(0), s)[0] for s in specs]
    assert jax.tree.all(jax.tree.map(lambda a, b: (a == b).all(), *with_and_without))
