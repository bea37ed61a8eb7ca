"""The fused head's function against the logits it never makes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.losses.linear_cross_entropy import (
    HeadOptions,
    linear_cross_entropy_forward,
    linear_cross_entropy_jvp,
    linear_cross_entropy_vjp,
)

EXAMPLES, TOKENS, FEATURES, VOCABULARY = 3, 7, 4, 11


def draw(seed=0):
    keys = jax.random.split(jax.random.key(seed), 4)
    weight = jax.random.normal(keys[0], (FEATURES, VOCABULARY))
    h = jax.random.normal(keys[1], (EXAMPLES, TOKENS, FEATURES))
    labels = jax.random.randint(keys[2], (EXAMPLES, TOKENS), 0, VOCABULARY)
    weights = jax.random.uniform(keys[3], (EXAMPLES,))
    return weight, h, labels, weights


def whole(weight, h, labels, weights, o):
    """The same from all logits at once."""
    z = h @ weight
    z = z if o.soft_cap is None else o.soft_cap * jnp.tanh(z / o.soft_cap)
    lse = jax.nn.logsumexp(z, axis=-1)
    y = jax.nn.one_hot(labels, VOCABULARY, dtype=z.dtype)
    y = (1 - o.label_smoothing) * y + o.label_smoothing / VOCABULARY
    losses = lse - (y * z).sum(-1) + o.z_loss * lse**2
    c = jnp.broadcast_to(weights[:, None], labels.shape) * (labels != o.ignored_label)
    if o.reduction == "sum":
        return (c * losses).sum()
    if o.reduction == "example_mean":
        return ((c * losses).sum(1) / c.sum(1)).mean()
    return (c * losses).sum() / c.sum()


OPTIONS = {
    "plain": HeadOptions(),
    "ragged chunks": HeadOptions(chunk=5),
    "a token at a time": HeadOptions(chunk=1),
    "everything": HeadOptions(0.1, 3, 0.01, 2.0, 4),
    "sum": HeadOptions(0.2, None, 0.0, None, 8, "sum"),
    "example mean": HeadOptions(0.0, 5, 0.1, None, 6, "example_mean"),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_value_and_both_derivatives_equal_those_of_the_whole_logits(x64, options):
    weight, h, labels, weights = draw()
    tweight, th, _, _ = draw(1)

    @jax.jit
    def both(weight, h):
        loss, res = linear_cross_entropy_forward(weight, h, labels, weights, options)
        found = (loss, *linear_cross_entropy_vjp(res, 1.5))
        expected, pull = jax.vjp(lambda w, h: whole(w, h, labels, weights, options), weight, h)
        slopes = (
            linear_cross_entropy_jvp(res, tweight, th),
            sum((d * t).sum() for d, t in zip(pull(1.0), (tweight, th), strict=True)),
        )
        return found, (expected, *pull(1.5)), slopes

    found, expected, slopes = both(weight, h)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found, expected)
    np.testing.assert_allclose(*slopes, rtol=1e-12)


def test_ignored_tokens_and_examples_of_weight_zero_are_not_there():
    weight, h, labels, _ = draw()
    labels = labels.at[0].set(5)
    h = h.at[0].set(jnp.inf).at[1].set(jnp.nan)
    options = HeadOptions(ignored_label=5, chunk=4)
    loss, res = linear_cross_entropy_forward(weight, h, labels, jnp.array([1.0, 0, 1]), options)
    _, dh = linear_cross_entropy_vjp(res, 1.0)
    assert jnp.isfinite(loss)
    assert not dh[:2].any()
    assert dh[2].any()


def test_nothing_to_learn_from_is_zero_loss_and_zero_gradient():
    weight, h, labels, _ = draw()
    options = HeadOptions(chunk=4)
    loss, res = linear_cross_entropy_forward(weight, h, labels, jnp.zeros(EXAMPLES), options)
    assert float(loss) == 0
    assert not any(d.any() for d in linear_cross_entropy_vjp(res, 1.0))


def test_the_logits_are_never_there_as_a_whole():
    tokens, vocabulary = 2048, 4096
    weight = jax.ShapeDtypeStruct((16, vocabulary), jnp.float32)
    h = jax.ShapeDtypeStruct((tokens, 16), jnp.float32)
    labels = jax.ShapeDtypeStruct((tokens,), jnp.int32)

    def gradient(weight, h, labels):
        loss, res = linear_cross_entropy_forward(weight, h, labels, None, HeadOptions(chunk=64))
        return loss, linear_cross_entropy_vjp(res, 1.0)

    compiled = jax.jit(gradient).lower(weight, h, labels).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 4 * tokens * vocabulary / 4
