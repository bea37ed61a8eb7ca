"""The contract: contexts, paths of errors, lifting, walking and editing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, elementwise, repeat, residual, serial, stateless
from fbp.layer import dual, edit, leaves, pull, push, within
from fbp.layers import dense, relu, tanh

X = jnp.array([[1.0, -2.0], [3.0, 0.5]])


def test_a_child_has_a_key_of_its_own_and_the_same_mode():
    ctx = Context(jax.random.key(0), train=False)
    first, second = ctx.child(0), ctx.child(1)
    assert not first.train
    assert (jax.random.key_data(first.key) != jax.random.key_data(second.key)).any()
    assert Context().child(3) == Context()


def test_a_context_passes_through_jit_and_its_mode_is_static():
    @jax.jit
    def f(ctx):
        return jnp.ones(()) if ctx.train else jnp.zeros(())

    assert f(Context(jax.random.key(0))) == 1
    assert f(Context(jax.random.key(0), train=False)) == 0


def test_stateless_lifts_maths_alone():
    double = stateless(
        "double",
        lambda key, x: (),
        lambda params, x: (2 * x, ()),
        lambda params, res, tparams, tx: 2 * tx,
        lambda params, res, dy: ((), 2 * dy),
    )
    assert double.init(jax.random.key(0), X) == ((), ())
    y, state, res = double.forward((), "any state", X, Context())
    np.testing.assert_array_equal(y, 2 * X)
    assert state == "any state"
    np.testing.assert_array_equal(double.vjp((), res, X)[1], 2 * X)


def test_elementwise_scales_by_its_slope():
    square = elementwise("square", lambda x: (x * x, 2 * x))
    y, _, res = square.forward((), (), X, Context())
    np.testing.assert_array_equal(y, X * X)
    np.testing.assert_array_equal(square.jvp((), res, (), X), 2 * X * X)
    np.testing.assert_array_equal(square.vjp((), res, X)[1], 2 * X * X)


def test_dual_without_one_is_forward_then_jvp():
    y, state, ty = dual(tanh(), (), "state", X, Context(), (), X)
    assert state == "state"
    np.testing.assert_array_equal(y, jnp.tanh(X))
    np.testing.assert_allclose(ty, (1 - jnp.tanh(X) ** 2) * X, rtol=1e-6)


def test_missing_rules_are_errors_not_fallbacks():
    only_forward = tanh()._replace(jvp=None, vjp=None)
    with pytest.raises(LayerError, match="tanh has no vjp: write one, or choose a mode"):
        pull(only_forward, (), X, X)
    with pytest.raises(LayerError, match="tanh has no jvp: write one, or choose a mode"):
        push(only_forward, (), X, (), X)


def test_a_path_grows_outwards_and_other_errors_pass():
    with pytest.raises(LayerError) as caught, within("outer"), within("inner"):
        raise LayerError("broke")
    assert caught.value.path == ("outer", "inner")
    assert str(caught.value) == "layer outer/inner: broke"
    with pytest.raises(KeyError), within("outer"):
        raise KeyError("other")


NET = serial(stem=dense(3), body=repeat(residual(relu()), 4))


def test_leaves_are_in_order_and_counted():
    found = [("/".join(path), leaf.name, times) for path, leaf, times in leaves(NET)]
    assert found == [("stem", "dense(3)", 1), ("body/f/f", "relu", 4)]


def test_edit_replaces_leaves_and_keeps_the_rest():
    def change(path, leaf):
        return tanh() if leaf.name == "relu" else leaf

    edited = edit(NET, change)
    assert [leaf.name for _, leaf, _ in leaves(edited)] == ["dense(3)", "tanh"]
    params, state = edited.init(jax.random.key(0), jax.ShapeDtypeStruct(X.shape, X.dtype))
    y = edited.forward(params, state, X, Context())[0]
    expected = X @ params["stem"].weight
    for _ in range(4):
        expected = expected + jnp.tanh(expected)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
