"""Recurrent layers against a plain loop, and what goes into the scans and what does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import as_jax
from fbp.layer import Context, LayerError
from fbp.layers import gru, lstm, recurrent, rnn
from fbp.layers.recurrent import Sequence

BATCH, LENGTH, INPUTS, HIDDEN = 2, 5, 3, 4
LAYERS = {"rnn": rnn, "lstm": lstm, "gru": gru}


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def plain_step(name, p, x, h, c):
    """(h, c) after one time; rnn and gru have no c."""
    zx = x @ p.weight_x + p.bias
    zh = h @ p.weight_h + (0 if p.bias_h is None else p.bias_h)
    if name == "rnn":
        return jnp.tanh(zx + zh), c
    if name == "lstm":
        i, f, g, o = jnp.split(zx + zh, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        return sigmoid(o) * jnp.tanh(c), c
    (xr, xu, xn), (hr, hu, hn) = jnp.split(zx, 3, axis=-1), jnp.split(zh, 3, axis=-1)
    u, n = sigmoid(xu + hu), jnp.tanh(xn + sigmoid(xr + hr) * hn)
    return (1 - u) * n + u * h, c


def built(layer, seed=0):
    x = jax.random.normal(jax.random.key(seed), (BATCH, LENGTH, INPUTS))
    params, _ = layer.init(jax.random.key(1), jax.ShapeDtypeStruct(x.shape, x.dtype))
    return jax.tree.map(lambda a: a + 0.2, params), x


def output(layer, params, x):
    return jax.jit(lambda x: layer.forward(params, (), x, Context())[0])(x)


def pulled(layer, params, x, dy):
    """(dparams, dx) by hand."""

    @jax.jit
    def pull(params, x):
        return layer.vjp(params, layer.forward(params, (), x, Context())[2], dy)

    return pull(params, x)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_a_loop(x64, name):
    layer = LAYERS[name](HIDDEN)
    params, x = built(layer)
    dy = jax.random.normal(jax.random.key(3), (BATCH, LENGTH, HIDDEN))

    def loop(params, x):
        h = c = jnp.zeros((BATCH, HIDDEN))
        ys = []
        for t in range(LENGTH):
            h, c = plain_step(name, params, x[:, t], h, c)
            ys.append(h)
        return jnp.stack(ys, axis=1)

    y, pull = jax.vjp(jax.jit(loop), params, x)
    np.testing.assert_allclose(output(layer, params, x), y, rtol=1e-12)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12),
        pulled(layer, params, x, dy),
        pull(dy),
    )


@pytest.mark.parametrize("name", LAYERS)
def test_the_scan_of_backward_multiplies_by_one_weight_only(monkeypatch, name):
    """dx, dW_x, dW_h are products over all times at once; only dh W_h^T waits for the time after.
    Forward, x W_x is outside as well. A step an iteration: some JAX lowers each of several."""
    monkeypatch.setattr(recurrent, "UNROLL", 1)
    layer = LAYERS[name](HIDDEN)
    params, x = built(layer)

    def dots(function, *args):
        jaxpr = jax.make_jaxpr(function)(*args)
        (scan,) = (e for e in jaxpr.eqns if e.primitive.name == "scan")
        inside = str(scan.params["jaxpr"]).count("dot_general")
        lowered = jax.jit(function).lower(*args).as_text()  # of all ways, this backend's alone
        return inside, lowered.count("stablehlo.dot_general") - inside

    res = layer.forward(params, (), x, Context())[2]
    dy = jnp.zeros((BATCH, LENGTH, HIDDEN))
    assert dots(lambda x: layer.forward(params, (), x, Context())[0], x) == (1, 1)
    assert dots(lambda dy: layer.vjp(params, res, dy), dy) == (1, 3)


@pytest.mark.parametrize("name", LAYERS)
def test_a_masked_time_is_not_there(x64, name):
    """A mask in the middle: the output repeats, and the rest is as if the time were cut out."""
    layer = LAYERS[name](HIDDEN)
    params, x = built(layer)
    keep = jnp.ones((BATCH, LENGTH), bool).at[:, 2].set(False)
    dy = jax.random.normal(jax.random.key(3), (BATCH, LENGTH, HIDDEN)).at[:, 2].set(0)
    y = output(layer, params, Sequence(x, None, keep))
    np.testing.assert_array_equal(y[:, 2], y[:, 1])
    left = jnp.array([0, 1, 3, 4])
    np.testing.assert_allclose(y[:, left], output(layer, params, x[:, left]), rtol=1e-12)
    dparams, dx = pulled(layer, params, Sequence(x, None, keep), dy)
    short_dparams, short_dx = pulled(layer, params, x[:, left], dy[:, left])
    assert not dx.x[:, 2].any()
    np.testing.assert_allclose(dx.x[:, left], short_dx, atol=1e-13)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-13), dparams, short_dparams)


def test_truncation_is_segments_that_pass_on_values_only(x64):
    layer, truncated = lstm(HIDDEN), lstm(HIDDEN, truncate=2)
    params, x = built(layer)
    dy = jax.random.normal(jax.random.key(3), (BATCH, LENGTH, HIDDEN))
    carry = (jnp.zeros((BATCH, HIDDEN)),) * 2
    total, dx = jax.tree.map(jnp.zeros_like, params), []
    for start in range(0, LENGTH, 2):
        segment = slice(start, start + 2)
        part, d = pulled(layer, params, Sequence(x[:, segment], carry), dy[:, segment])
        total, dx = jax.tree.map(jnp.add, total, part), [*dx, d.x]
        for t in range(start, min(start + 2, LENGTH)):
            carry = plain_step("lstm", params, x[:, t], *carry)
    dparams, got = pulled(truncated, params, x, dy)
    np.testing.assert_allclose(got, jnp.concatenate(dx, axis=1), atol=1e-13)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), dparams, total)
    assert not np.allclose(pulled(layer, params, x, dy)[1], got)


@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_stop_where_first_ones_do(x64, name):
    """Derivatives of the rule against derivatives of the forward pass's derivatives."""
    layer = LAYERS[name](HIDDEN, truncate=2)
    params, x = built(layer)
    v = jax.tree.map(lambda a: jnp.cos(jnp.arange(a.size)).reshape(a.shape), params)

    def along_v(y):
        gradient = jax.grad(lambda params: jnp.sum(y(params) ** 3))

        def product(params):
            pairs = zip(jax.tree.leaves(gradient(params)), jax.tree.leaves(v), strict=True)
            return sum(jnp.vdot(a, b) for a, b in pairs)

        return jax.jit(jax.grad(product))(params)

    by_rules = along_v(lambda params: as_jax(layer)(params, x))
    by_autodiff = along_v(lambda params: layer.forward(params, (), x, Context())[0])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-11), by_rules, by_autodiff)


def test_what_does_not_fit_is_refused():
    with pytest.raises(LayerError, match="hidden >= 1"):
        lstm(0)
    with pytest.raises(LayerError, match="truncate >= 1"):
        gru(2, truncate=0)
    with pytest.raises(LayerError, match=r"\(batch, length, inputs\), got \[2, 3\]"):
        rnn(2).init(jax.random.key(0), jax.ShapeDtypeStruct((2, 3), jnp.float32))
