from __future__ import annotations

import jax
import numpy as np
import pytest

from fbp import Context, serial
from fbp.lab.jacobian import jacfwd, jacrev
from fbp.layers import dense, tanh


@pytest.mark.parametrize("jacobian", [jacfwd, jacrev])
def test_equals_jax(jacobian, x64):
    net = serial(dense(4), tanh(), dense(3))
    x = jax.random.normal(jax.random.key(1), (5,))
    params, state = net.init(jax.random.key(0), x)
    expected = jax.jacrev(lambda x: net.forward(params, state, x, Context())[0])(x)
    found = jax.jit(lambda *args: jacobian(net, *args))(params, state, x, Context())
    assert found.shape == (3, 5)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
