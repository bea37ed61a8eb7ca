"""FLOPs of compiled programs against closed forms, and against XLA's own count without loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from fbp.lab.hlo import count_flops

NHWC = ("NHWC", "HWIO", "NHWC")


def spec(*shape, dtype=jnp.float32):
    return jax.ShapeDtypeStruct(shape, dtype)


def compiled(f, *specs):
    return jax.jit(f).lower(*specs).compile()


def scanned(x, weights):
    return lax.scan(lambda y, w: (y @ w, None), x, weights)[0]


def twice_scanned(x, weights):
    def outer(y, w):
        return lax.scan(lambda z, _: (z @ w, None), y, length=3)[0], None

    return lax.scan(outer, x, weights)[0]


def either(x, w):
    return lax.cond(x[0, 0] > 0, lambda x: x @ w, lambda x: x @ w @ w, x)


def until_large(x, w):
    return lax.while_loop(lambda x: x[0, 0] < 5, lambda x: x @ w, x)


def invariant(x, w, vs):
    return lax.map(lambda v: (x @ w) @ v, vs)


@pytest.mark.parametrize(
    ("f", "specs", "expected"),
    [
        pytest.param(
            lambda x, w, b: x @ w + b,
            [spec(16, 32), spec(32, 24), spec(24)],
            2 * 16 * 32 * 24 + 16 * 24,
            id="dense",
        ),
        pytest.param(
            lambda a, b: jnp.einsum("bij,bjk->bik", a, b),
            [spec(3, 16, 32), spec(3, 32, 24)],
            3 * 2 * 16 * 32 * 24,
            id="batched matmul",
        ),
        pytest.param(scanned, [spec(4, 8), spec(5, 8, 8)], 5 * 2 * 4 * 8 * 8, id="scan"),
        pytest.param(
            twice_scanned, [spec(4, 8), spec(5, 8, 8)], 15 * 2 * 4 * 8 * 8, id="scan in a scan"
        ),
        pytest.param(
            lambda xs, w: lax.map(lambda x: x @ w, xs),
            [spec(7, 4, 8), spec(8, 6)],
            7 * 2 * 4 * 8 * 6,
            id="map",
        ),
        pytest.param(
            invariant,
            [spec(4, 8), spec(8, 6), spec(9, 6, 3)],
            2 * 4 * 8 * 6 + 9 * 2 * 4 * 6 * 3,
            id="what does not change moves out of the loop",
        ),
        pytest.param(either, [spec(8, 8), spec(8, 8)], 2 * 2 * 8**3, id="cond: the dearest"),
        pytest.param(until_large, [spec(8, 8), spec(8, 8)], 2 * 8**3, id="while on data: once"),
        pytest.param(jnp.tanh, [spec(10, 30)], 300, id="one an element"),
        pytest.param(jnp.sum, [spec(10, 30)], 299, id="sum"),
        pytest.param(lambda x: jnp.sum(3 * x), [spec(10, dtype=jnp.int32)], 0, id="integers"),
        pytest.param(lambda x, w: (x, x @ w)[0], [spec(8, 8), spec(8, 8)], 0, id="dead code"),
    ],
)
def test_closed_form(f, specs, expected):
    assert count_flops(compiled(f, *specs).as_text()) == expected


def conv(x, kernel, groups=1):
    return lax.conv_general_dilated(
        x, kernel, (2, 2), "SAME", dimension_numbers=NHWC, feature_group_count=groups
    )


def conv_gradient(x, kernel, dy):
    dx, dkernel = jax.vjp(lambda x, k: conv(x, k, 2), x, kernel)[1](dy)
    return dx, dkernel


def dense_gradient(x, w, b):
    return jax.grad(lambda w, b: jnp.mean(jnp.tanh(x @ w + b) ** 2), (0, 1))(w, b)


@pytest.mark.parametrize(
    ("f", "specs"),
    [
        pytest.param(conv, [spec(2, 9, 9, 4), spec(3, 3, 4, 6)], id="strided, padded conv"),
        pytest.param(
            conv_gradient,
            [spec(2, 9, 9, 4), spec(3, 3, 2, 6), spec(2, 5, 5, 6)],
            id="gradient of a grouped conv",
        ),
        pytest.param(
            lambda x: lax.reduce_window(x, 0.0, lax.add, (3, 2), (2, 2), "VALID"),
            [spec(16, 16)],
            id="pool",
        ),
        pytest.param(jax.nn.softmax, [spec(10, 30)], id="softmax"),
        pytest.param(dense_gradient, [spec(5, 7), spec(7, 3), spec(3)], id="dense gradient"),
    ],
)
def test_equals_xla_where_nothing_loops(f, specs):
    program = compiled(f, *specs)
    xla = program.cost_analysis()
    assert count_flops(program.as_text()) == xla["flops"] + xla.get("transcendentals", 0)
