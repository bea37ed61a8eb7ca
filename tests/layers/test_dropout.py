"""dropout and drop_path: the share they drop, the mask they keep, the key they need."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, LayerError, serial
from fbp.layers import dense, drop_path, dropout

X = jnp.ones((50, 40))


def run(layer, x=X, key=0, train=True):
    return layer.forward((), (), x, Context(jax.random.key(key), train))


def test_the_expectation_is_kept():
    y = run(dropout(0.25))[0]
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
    share = float((y == 0).mean())
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / y.size) ** 0.5


def test_the_backward_and_the_jvp_have_the_mask_of_the_forward():
    y, _, res = run(dropout(0.5))
    np.testing.assert_array_equal(dropout(0.5).vjp((), res, X)[1], y)
    np.testing.assert_array_equal(dropout(0.5).jvp((), res, (), X), y)


def test_the_mask_is_the_key_s():
    first, again, other = (run(dropout(0.5), key=k)[0] for k in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_two_layers_of_a_net_have_masks_of_their_own():
    net = serial(dropout(0.5), dropout(0.5))
    once = np.asarray(serial(dropout(0.5)).forward(((),), ((),), X, Context(jax.random.key(0)))[0])
    twice = np.asarray(net.forward(((), ()), ((), ()), X, Context(jax.random.key(0)))[0])
    share = (twice == 0).mean()
    assert share > (once == 0).mean() + 0.1  # one mask twice would drop nothing new


@pytest.mark.parametrize("layer", [dropout(0.5), drop_path(0.5)])
def test_evaluation_is_the_identity(layer):
    y, _, res = run(layer, train=False)
    np.testing.assert_array_equal(y, X)
    np.testing.assert_array_equal(layer.vjp((), res, 3 * X)[1], 3 * X)


def test_a_rate_of_0_needs_no_key():
    np.testing.assert_array_equal(dropout(0.0).forward((), (), X, Context())[0], X)


def test_drop_path_drops_whole_examples():
    y = np.asarray(run(drop_path(0.5), X.reshape(50, 5, 8))[0]).reshape(50, -1)
    assert set(np.unique(y.min(1))) == {0.0, 2.0}
    np.testing.assert_array_equal(y.min(1), y.max(1))


def test_training_without_a_key_names_the_layer_and_says_what_to_do():
    net = serial(hidden=dense(3), drop=dropout(0.5))
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct((2, 4), "float32"))
    with pytest.raises(LayerError, match=r"layer drop: .*pass Context\(key=jax.random.key\(0\)\)"):
        net.forward(params, state, jnp.ones((2, 4)), Context())


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_refused_rates(rate):
    with pytest.raises(LayerError, match=f"dropout needs 0 <= rate < 1, got {rate}"):
        dropout(rate)
