"""The core of attention against jax.nn's, tile by tile, under every mask, in bounded memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layers.attend import Masks, attend_forward, attend_vjp
from fbp.layers.tiles import AttendOptions, grid

LENGTH, HEADS, GROUP, FEATURES = 7, 2, 2, 4
CAUSAL = np.tri(LENGTH, dtype=bool)


def operands(seed=0):
    """q, k, v and a cotangent of the output, with more query heads than key heads."""
    keys = jax.random.split(jax.random.key(seed), 4)
    q, dout = (jax.random.normal(k, (2, HEADS, GROUP, LENGTH, FEATURES)) for k in keys[:2])
    k, v = (jax.random.normal(k, (2, HEADS, LENGTH, FEATURES)) for k in keys[2:])
    return q, k, v, dout


def by_jax(q, k, v, keep):
    """jax.nn.dot_product_attention, whose axes are (batch, length, heads, features), and whose
    softmax is in float32 always."""
    flat = q.reshape(2, HEADS * GROUP, LENGTH, FEATURES)
    moved = (a.swapaxes(1, 2) for a in (flat, k, v))
    mask = keep[:, None, None, :]
    out = jax.nn.dot_product_attention(*moved, mask=mask, is_causal=True)
    return out.swapaxes(1, 2).reshape(q.shape)


def by_formula(q, k, v, visible, cap=None):
    """The whole matrix of scores, in q's dtype."""
    s = jnp.einsum("bhgif,bhjf->bhgij", q, k) / FEATURES**0.5
    s = s if cap is None else cap * jnp.tanh(s / cap)
    return jnp.einsum("bhgij,bhjf->bhgif", jax.nn.softmax(jnp.where(visible, s, -jnp.inf)), v)


@jax.jit
def causal_both_ways(q, k, v, dout, keep):
    options = AttendOptions(causal=True, block=3)
    out, res = attend_forward(q, k, v, Masks(keep), options)
    return out, *attend_vjp(res, dout, options)


@pytest.mark.parametrize("peer", ["jax", "formula"])
def test_value_and_gradient_equal_the_whole_matrix(x64, peer):
    q, k, v, dout = operands()
    keep = jnp.array([[1, 1, 0, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1, 1]], bool)
    if peer == "jax":
        function, tolerance = (lambda *a: by_jax(*a, keep)), 2e-6
    else:
        visible = keep[:, None, None, None] & CAUSAL
        function, tolerance = (lambda *a: by_formula(*a, visible)), 1e-13
    out, pull = jax.vjp(jax.jit(function), q, k, v)
    found = causal_both_ways(q, k, v, dout, keep)
    for got, wanted in zip(found, (out, *pull(dout)), strict=True):
        np.testing.assert_allclose(got, wanted, atol=tolerance)


@pytest.mark.parametrize("causal", [False, True])
def test_the_size_of_a_tile_does_not_matter(x64, causal):
    q, k, v, dout = operands()
    masks = Masks(None, jnp.array([[0, 0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 2, 2]]))

    @jax.jit
    def at_every_size(q):
        found = []
        for size in (1, 2, 5, LENGTH, 99):
            options = AttendOptions(causal, None, 1.5, size)
            out, res = attend_forward(q, k, v, masks, options)
            found.append((out, *attend_vjp(res, dout, options)))
        return found

    first, *others = at_every_size(q)
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)


def test_the_window_and_the_cap_are_what_they_say(x64):
    q, k, v, _ = operands()
    expected = by_formula(q, k, v, CAUSAL & ~np.tri(LENGTH, k=-3, dtype=bool), cap=0.7)
    out, _ = attend_forward(q, k, v, Masks(), AttendOptions(True, 3, 0.7, 2))
    np.testing.assert_allclose(out, expected, atol=1e-13)


def test_rows_that_see_nothing_give_zeros_and_no_gradient():
    q, k, v, dout = operands()
    keep = jnp.ones((2, LENGTH), bool).at[1].set(False)
    options = AttendOptions(block=3)

    @jax.jit
    def both_ways(q):
        out, res = attend_forward(q, k, v, Masks(keep), options)
        return out, *attend_vjp(res, dout, options)

    for a in both_ways(q):
        assert not a[1].any()
        assert a[0].all()


def test_scores_that_overflow_an_exponential_do_not(x64):
    q, k, v, dout = operands()
    options = AttendOptions(block=2)
    q = 1e4 * q
    out, res = jax.jit(lambda q: attend_forward(q, k, v, Masks(), options))(q)
    np.testing.assert_allclose(out, by_formula(q, k, v, True), atol=1e-10)
    gradient = jax.jit(lambda res: attend_vjp(res, dout, options))(res)
    assert all(jnp.isfinite(d).all() for d in gradient)


def test_no_tile_is_visited_in_vain():
    assert len(grid(8, 8, AttendOptions(False, None, None, 2)).starts) == 16
    assert len(grid(8, 8, AttendOptions(True, None, None, 2)).starts) == 10
    banded = grid(8, 8, AttendOptions(True, 2, None, 2)).starts  # the diagonal, and one below
    assert banded.tolist() == [[0, 0], [2, 0], [2, 2], [4, 2], [4, 4], [6, 4], [6, 6]]
    ragged = grid(7, 7, AttendOptions(True, 1, None, 3))
    assert (ragged.rows, ragged.starts.tolist()) == (3, [[0, 0], [3, 3], [6, 6]])


def test_memory_is_linear_in_the_length():
    """At a fixed tile, twice the length takes about twice the memory; the scores would take four
    times as much, and more than all that is measured here."""
    options = AttendOptions(causal=True, block=128)

    def both(q, k, v, dout):
        _, res = attend_forward(q, k, v, Masks(), options)
        return attend_vjp(res, dout, options)

    def temporary(length):
        q = jax.ShapeDtypeStruct((1, 1, 1, length, 16), jnp.float32)
        k = jax.ShapeDtypeStruct((1, 1, length, 16), jnp.float32)
        return jax.jit(both).lower(q, k, k, q).compile().memory_analysis().temp_size_in_bytes

    short, long = temporary(1024), temporary(2048)
    assert long < 2.6 * short
    assert long < 2048**2
