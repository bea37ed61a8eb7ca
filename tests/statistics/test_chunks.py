import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layers.factors import factor
from fbp.layers.factors.factor import map_examples, sum_examples


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_ragged_last_chunk_counts_and_what_fills_it_does_not(size, monkeypatch):
    monkeypatch.setattr(factor, "CHUNK_NUMBERS", 10 * size)
    a, b = jnp.asarray(np.random.default_rng(0).normal(size=(2, 7, 3, 2)), jnp.float32)
    seen = []

    def products(a, b):
        seen.append(a.shape[0])
        return jnp.sum(a * b, axis=1)

    np.testing.assert_allclose(map_examples(products, (a, b), 10), (a * b).sum(1), rtol=1e-6)
    found = sum_examples(lambda a, b: jnp.sum(products(a, b), axis=0), (a, b), 10)
    np.testing.assert_allclose(found, (a * b).sum((0, 1)), rtol=1e-5)
    assert set(seen) == {min(size, 7)}
