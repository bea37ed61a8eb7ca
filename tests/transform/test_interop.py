"""A layer of another library's model is replaced by ours, and its own gradients run our rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fbp
from fbp.compose.parts import spec
from fbp.layers import dense
from fbp.layers.dense import DenseParams
from tests.transform.planted import VJP, planted

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (4, 3))
LAYER = planted(dense(2))


def test_equinox():
    eqx = pytest.importorskip("equinox")

    class Ours(eqx.Module):
        params: tuple

        def __call__(self, x, *, key=None):
            return fbp.as_jax(LAYER)(self.params, x)

    # Equinox's layers take one example; jax.vmap makes the batch of both.
    model = eqx.nn.Sequential([eqx.nn.Linear(3, 5, key=KEY), eqx.nn.Linear(5, 2, key=KEY)])
    params = DenseParams(weight=model[1].weight.T, bias=model[1].bias)
    replaced = eqx.tree_at(lambda m: m.layers[1], model, Ours(params))

    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(model):
        return jnp.sum(jax.vmap(model)(X) ** 2)

    theirs, ours = gradient(model), gradient(replaced)
    np.testing.assert_allclose(ours[1].params.weight.T, VJP * theirs[1].weight, 1e-5)
    np.testing.assert_allclose(ours[0].weight, VJP * theirs[0].weight, 1e-5, 1e-6)


def test_flax_nnx():
    nnx = pytest.importorskip("flax.nnx")

    class Ours(nnx.Module):
        def __init__(self, params):
            self.params = nnx.data(jax.tree.map(nnx.Param, params))

        def __call__(self, x):
            return fbp.as_jax(LAYER)(nnx.pure(self.params), x)

    class Model(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(3, 5, rngs=rngs)
            self.second = nnx.Linear(5, 2, rngs=rngs)

        def __call__(self, x):
            return self.second(self.first(x))

    model = Model(nnx.Rngs(0))

    @nnx.jit
    def gradient(model):
        return nnx.grad(lambda model: jnp.sum(model(X) ** 2))(model)

    theirs = nnx.to_pure_dict(gradient(model))
    model.second = Ours(DenseParams(model.second.kernel[...], model.second.bias[...]))
    ours = nnx.to_pure_dict(gradient(model))
    assert set(ours) == {"first", "second"}
    np.testing.assert_allclose(
        ours["second"]["params"]["weight"], VJP * theirs["second"]["kernel"], 1e-5
    )
    np.testing.assert_allclose(ours["first"]["kernel"], VJP * theirs["first"]["kernel"], 1e-5, 1e-6)


def test_haiku():
    hk = pytest.importorskip("haiku")

    class Ours(hk.Module):
        def __call__(self, x):
            params = DenseParams(
                weight=hk.get_parameter("w", (x.shape[-1], 2), init=jnp.ones),
                bias=hk.get_parameter("b", (2,), init=jnp.ones),
            )
            return fbp.as_jax(LAYER)(params, x)

    def model(second):
        return hk.transform(lambda x: second()(hk.Linear(5, name="first")(x)))

    theirs, ours = model(lambda: hk.Linear(2, name="second")), model(lambda: Ours(name="second"))
    params = theirs.init(KEY, X)
    assert spec(ours.init(KEY, X)) == spec(params)

    def gradient(model):
        return jax.jit(jax.grad(lambda p: jnp.sum(model.apply(p, None, X) ** 2)))(params)

    jax.tree.map(
        lambda found, expected: np.testing.assert_allclose(found, VJP * expected, 1e-5, 1e-6),
        gradient(ours),
        gradient(theirs),
    )
