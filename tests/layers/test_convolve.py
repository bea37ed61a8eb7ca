"""The two ways to the input's cotangent are one map."""

from itertools import product

import jax.numpy as jnp
import numpy as np
import pytest

from fbp.layers.convolve import Geometry, _pull_input_by_convolution, _pull_input_by_products

SETTINGS = [
    (n, k, s, d, p)
    for n, k, s, d, p in product([7, 9], [1, 3], [1, 2], [1, 2], [(0, 0), (1, 2), (2, 0)])
    if (n + sum(p) - d * (k - 1) - 1) // s >= 0
]


@pytest.mark.parametrize("dimensions", [1, 2])
def test_by_products_is_by_convolution(dimensions, x64):
    rng = np.random.default_rng(0)
    for n, k, s, d, p in SETTINGS[:: 1 if dimensions == 1 else 5]:
        m = (n + sum(p) - d * (k - 1) - 1) // s + 1
        second = dimensions - 1  # an axis of 5 entries with a kernel of 2, so of 4 outputs
        at = Geometry((s,) + (1,) * second, (p,) + ((0, 0),) * second, (d,) + (1,) * second)
        w = jnp.asarray(rng.normal(size=(k,) + (2,) * second + (3, 4)))
        dy = jnp.asarray(rng.normal(size=(2, m) + (4,) * second + (4,)))
        space = (n,) + (5,) * second
        found = _pull_input_by_products(dy, w, at, space)
        wanted = _pull_input_by_convolution(dy, w, at, space)
        np.testing.assert_allclose(found, wanted, atol=1e-13)
