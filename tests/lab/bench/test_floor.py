"""Which products and convolutions a program runs."""

from collections import Counter

import jax
import jax.numpy as jnp

from fbp.lab.bench import floor
from fbp.lab.bench.floor import Convolution, Product, floor_seconds
from fbp.lab.bench.floor import _operations as operations
from fbp.layers import conv


def test_loops_count_as_often_as_they_run():
    def f(x, w):
        y, _ = jax.lax.scan(lambda x, _: (x @ w, None), x, length=5)
        return jnp.einsum("bij,bkj->bik", y[None] @ w, x[None])

    x, w = jnp.ones((3, 4)), jnp.ones((4, 4))
    counts = Counter(operations(jax.make_jaxpr(jax.jit(f))(x, w).jaxpr))
    assert counts[Product(1, 3, 4, 4, x.dtype)] == 5 + 1 + 0
    assert counts[Product(1, 3, 4, 3, x.dtype)] == 1


def test_a_convolution_and_its_transposes():
    layer = conv(3, (3, 3))
    x = jnp.ones((2, 5, 5, 2))
    params, _ = layer.init(jax.random.key(0), jax.ShapeDtypeStruct(x.shape, x.dtype))

    def f(params, x):
        return jax.vjp(lambda p, x: layer.forward(p, (), x, None)[0], params, x)[1](
            jnp.ones((2, 5, 5, 3))
        )

    found = list(operations(jax.make_jaxpr(f)(params, x).jaxpr))
    assert len(found) == 3
    assert all(isinstance(operation, Convolution) for operation in found)


def test_the_fastest_way_counts_as_often_as_it_runs(monkeypatch):
    seconds = {Product(1, 3, 4, 4, jnp.dtype("float32")): 0.5}
    monkeypatch.setattr(floor, "_fastest", seconds.__getitem__)

    def f(x, w):
        return jax.lax.scan(lambda x, _: (x @ w, None), x, length=6)[0]

    assert floor_seconds(f, jnp.ones((3, 4)), jnp.ones((4, 4))) == 3.0
