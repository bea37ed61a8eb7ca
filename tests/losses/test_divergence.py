"""KL divergence: its formula, its minimum, and its kinship with cross-entropy."""

import jax
import jax.numpy as jnp
import numpy as np

from fbp.losses import kl_divergence, softmax_cross_entropy

KEYS = jax.random.split(jax.random.key(0), 3)


def test_value_and_gradient_equal_the_formula(x64):
    logits = 3 * jax.random.normal(KEYS[0], (4, 5))
    p = jax.nn.softmax(jax.random.normal(KEYS[1], (4, 5)))
    weights = jax.random.uniform(KEYS[2], (4,))

    def formula(z):
        losses = (p * (jnp.log(p) - jnp.log(jax.nn.softmax(z)))).sum(-1)
        return (weights * losses).sum() / weights.sum()

    loss = kl_divergence()
    value, res = loss.forward(logits, p, weights)
    expected, dlogits = jax.value_and_grad(formula)(logits)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(loss.vjp(res, 1.0), dlogits, atol=1e-14)


def test_it_is_zero_with_zero_gradient_where_the_distributions_agree(x64):
    logits = jax.random.normal(KEYS[0], (3, 4))
    value, res = kl_divergence().forward(logits, jax.nn.softmax(logits))
    np.testing.assert_allclose(value, 0, atol=1e-14)
    np.testing.assert_allclose(kl_divergence().vjp(res, 1.0), 0, atol=1e-15)


def test_certain_targets_give_cross_entropy():
    """0 log 0 is 0, so a one-hot target has no entropy."""
    logits, labels = 5 * jax.random.normal(KEYS[0], (3, 4)), jnp.array([0, 3, 1])
    pairs = [loss.forward(logits, labels) for loss in (kl_divergence(), softmax_cross_entropy())]
    np.testing.assert_allclose(pairs[0][0], pairs[1][0], rtol=1e-6)
    np.testing.assert_allclose(
        kl_divergence().vjp(pairs[0][1], 2.0), softmax_cross_entropy().vjp(pairs[1][1], 2.0)
    )


def test_a_target_that_does_not_sum_to_one_still_has_its_own_gradient(x64):
    """The softmax term is scaled by the target's mass."""
    logits, p = jax.random.normal(KEYS[0], (1, 3)), jnp.array([[0.5, 0.0, 0.2]])
    _, res = kl_divergence().forward(logits, p)
    expected = jax.grad(lambda z: kl_divergence().forward(z, p)[0])(logits)
    np.testing.assert_allclose(kl_divergence().vjp(res, 1.0), expected, atol=1e-15)
