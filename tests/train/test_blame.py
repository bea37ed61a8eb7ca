import jax
import jax.numpy as jnp
import pytest

from fbp import Batch, Context, parallel, repeat, residual, serial
from fbp.layer import Layer, stateless
from fbp.layers import dense, tanh
from fbp.losses import softmax_cross_entropy
from fbp.observe import look
from fbp.train.blame import first_non_finite

KEY = jax.random.key(0)
X = jnp.ones((4, 5))
TARGETS = jnp.array([0, 1, 2, 0])
LOSS = softmax_cross_entropy()


def planted(forward: bool, above: float = 0.0) -> Layer:
    """The identity, with one parameter; makes NaN where it is >= above."""

    def spoil(params, y):
        return jnp.where(params >= above, jnp.nan, y)

    def rule(params, x):
        return (spoil(params, x) if forward else x), ()

    def vjp(params, res, dy):
        return jnp.zeros_like(params), dy if forward else spoil(params, dy)

    return stateless("planted", lambda key, x: jnp.ones(()), rule, None, vjp)


def blamed(net, params=None, x=X, loss=LOSS):
    spec = jax.ShapeDtypeStruct(x.shape, x.dtype)
    made, state = net.init(KEY, spec)
    params = made if params is None else params(made)
    seen = jax.jit(lambda p: look(net, loss, p, state, Batch(x, TARGETS), Context(KEY)))(params)
    return first_non_finite(net, seen)


def test_a_finite_pass_blames_nobody():
    assert blamed(serial(dense(5), tanh(), dense(3))) is None


@pytest.mark.parametrize(
    ("forward", "expected"), [(True, "second in its forward"), (False, "second in its backward")]
)
def test_the_layer_that_made_it_is_named_and_not_those_that_pass_it_on(forward, expected):
    # Names in an order that is neither that of application nor its reverse.
    net = serial(zero=dense(5), second=planted(forward), again=tanh(), last=dense(3))
    assert f"layer {expected}" in blamed(net)


def test_backward_names_the_last_of_several():
    net = serial(planted(False), dense(5), planted(False), dense(3))
    assert "layer 2 in its backward" in blamed(net)


@pytest.mark.parametrize(("forward", "repetition"), [(True, 1), (False, 3)])
def test_a_repetition_is_numbered(forward, repetition):
    """Both parts of the body are bad, in different repetitions: the earliest application counts."""
    net = serial(
        repeat(residual(serial(planted(forward, 5.0), planted(forward, 5.0))), 4), dense(3)
    )

    def spoil(params):
        first = jnp.array([0.0, 0, 9, 9]) if forward else jnp.array([9.0, 9, 0, 0])
        second = jnp.array([0.0, 9, 0, 0]) if forward else jnp.array([0.0, 0, 0, 9])
        return ((first, second), params[1])

    way = "forward" if forward else "backward"
    assert f"layer 0/f/f/1 (repetition {repetition}) in its {way}" in blamed(net, spoil)


def test_branches_count_in_their_order():
    net = serial(parallel(tanh(), planted(True), planted(True)), dense(3))
    assert "layer 0/1 in its forward" in blamed(net)


def test_inputs_and_loss_are_named_too():
    net = serial(dense(3))
    assert "inputs" in blamed(net, x=X.at[0, 0].set(jnp.inf))
    spoiled_value = LOSS._replace(forward=lambda *a: (jnp.nan, LOSS.forward(*a)[1]))
    assert "the loss itself" in blamed(net, loss=spoiled_value)
    spoiled_vjp = LOSS._replace(vjp=lambda res, d: LOSS.vjp(res, d) / 0)
    assert "the loss in its backward" in blamed(net, loss=spoiled_vjp)
