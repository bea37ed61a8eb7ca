"""Bounds read off the program: the unit round-off and the reduction length, not the size."""

import jax
import jax.numpy as jnp
import pytest

from fbp.proof.roundoff import CONFIDENCE, rounding_bounds

U32, U16 = 2.0**-24, 2.0**-8


def f32(*shape):
    return jnp.ones(shape, jnp.float32)


@pytest.mark.parametrize(
    ("f", "args", "roundings"),
    [
        (lambda x: x, [f32(5)], 0),
        (lambda x: x * x, [f32(5)], 1),
        (lambda x: x * x, [f32(500)], 1),
        (lambda x: jnp.tanh(x * x), [f32(5)], 2),
        (lambda x: jnp.sum(x, axis=1), [f32(2, 30)], 30),
        (lambda x, w: x @ w, [f32(4, 9), f32(9, 2)], 9),
        (lambda x, w: jax.jit(jnp.matmul)(x, w), [f32(4, 9), f32(9, 200)], 9),
        (lambda x: jax.lax.scan(lambda c, _: (c * c, None), x, length=6)[0], [f32(3)], 6),
    ],
)
def test_roundings_on_the_longest_chain(f, args, roundings):
    assert rounding_bounds(f, *args) == pytest.approx([CONFIDENCE * U32 * roundings**0.5])


def test_a_wide_accumulator_rounds_once_in_the_narrow_type():
    def f(x):
        return jnp.sum(x, dtype=jnp.float32).astype(jnp.bfloat16)

    (bound,) = rounding_bounds(f, jnp.ones(100, jnp.bfloat16))
    assert bound == pytest.approx(CONFIDENCE * (U16**2 + 100 * U32**2) ** 0.5)


def test_terms_summed_elsewhere_count_in_float32():
    (bound,) = rounding_bounds(lambda x: x * x, jnp.ones(3, jnp.bfloat16), summed=5000)
    assert bound == pytest.approx(CONFIDENCE * (U16**2 + 5000 * U32**2) ** 0.5)


def test_every_branch_counts():
    def f(x):
        return jax.lax.cond(x[0] > 0, lambda x: x * x, lambda x: x * x * x, x)

    assert rounding_bounds(f, f32(3)) == pytest.approx([CONFIDENCE * U32 * 2**0.5])
