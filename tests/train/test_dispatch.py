import jax
import jax.numpy as jnp
import pytest

from fbp.train.dispatch import dispatch_length, steps_per_dispatch, work

f32 = jnp.float32


def test_a_dispatch_is_bounded_by_work_and_by_the_epoch():
    assert steps_per_dispatch(1.0, 40) == 40
    assert steps_per_dispatch(1e30, 40) == 1
    assert 1 < steps_per_dispatch(1e9, 1000) < 20


def test_a_divisor_of_the_epoch_is_preferred():
    assert steps_per_dispatch(1.0, 30_000) == 7500  # of at most 9999
    assert steps_per_dispatch(1.0, 10_007) == 9999  # a prime


@pytest.mark.parametrize("start", [0, 5, 17, 23])
def test_dispatches_fall_on_the_same_steps_wherever_a_run_starts(start):
    """Those of an uninterrupted run, after at most one that realigns; epochs end them."""
    k, per_epoch, total = 4, 10, 40

    def ends(step):
        while step < total:
            step += dispatch_length(step, k, per_epoch)
            yield step

    whole = list(ends(0))
    assert whole == [4, 8, 10, 14, 18, 20, 24, 28, 30, 34, 38, 40]
    assert list(ends(start)) == [e for e in whole if e > start]


def test_work_counts_contractions_and_loops():
    a, b = jax.ShapeDtypeStruct((8, 16), f32), jax.ShapeDtypeStruct((16, 4), f32)

    def five_products(a, b):
        return jax.lax.scan(lambda c, _: (c, jax.jit(jnp.dot)(a, b)), 0.0, length=5)[1]

    assert work(five_products, a, b) == 5 * 2 * 8 * 16 * 4
    x, kernel = jax.ShapeDtypeStruct((2, 8, 8, 3), f32), jax.ShapeDtypeStruct((3, 3, 3, 7), f32)

    def convolution(x, kernel):
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers)

    assert work(convolution, x, kernel) == 2 * (2 * 8 * 8 * 7) * (3 * 3 * 3)
    assert work(jnp.add, a, a) == 8 * 16
