"""The usual code computes what fbp's models compute: else a ratio of times says nothing."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.config import schema
from fbp.errors import FbpError
from fbp.gradients import gradient
from fbp.lab.bench.case import Case, Setting
from fbp.lab.bench.point import objective_of, point_of
from fbp.lab.usual import usual_loss

TEXT = schema.Text(length=8)
GPT = schema.Gpt(depth=2, heads=2, features=8)
CASES = {
    "mlp": Case(model=schema.Mlp(widths=(5, 4)), bench=Setting(inputs=(6,))),
    "nielsen": Case(
        model=schema.Mlp(widths=(5,), activation="sigmoid", output="sigmoid"),
        loss=schema.Quadratic(),
        bench=Setting(inputs=(6,)),
    ),
    "lenet": Case(
        model=schema.Lenet(features=(2, 3), hidden=5, dropout=0.0), bench=Setting(inputs=(16, 16))
    ),
    "resnet20": Case(model=schema.Resnet(width=2), bench=Setting(inputs=(8, 8, 3))),
    "char_lstm": Case(
        data=TEXT, model=schema.CharLstm(features=5, hidden=4), bench=Setting(inputs=(8,))
    ),
    "gpt": Case(data=TEXT, model=GPT, bench=Setting(inputs=(8,))),
    "gpt, untied, by erf": Case(
        data=TEXT,
        model=dataclasses.replace(GPT, tied=False, approximate_gelu=False),
        bench=Setting(inputs=(8,)),
    ),
}


@pytest.mark.parametrize("remat", [False, True])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n != "mlp")) for n in CASES]
)
def test_loss_gradient_and_state_are_ours(name, remat):
    train = schema.Train(batch_size=4)
    case = dataclasses.replace(CASES[name], train=train)
    objective = objective_of(case)
    params, state, batch, ctx = point_of(case, objective)
    params = jax.tree.map(lambda p: p + 0.1 * jnp.cos(jnp.arange(p.size)).reshape(p.shape), params)
    usual = jax.value_and_grad(usual_loss(case), has_aux=True)
    (loss, new), grads = jax.jit(lambda *a: usual(*a, remat=remat))(params, state, batch)
    ours = jax.jit(gradient(objective))(params, state, batch, ctx)
    np.testing.assert_allclose(loss, ours.loss, rtol=1e-5)
    found, wanted = jax.tree.leaves((grads, new)), jax.tree.leaves((ours.grads, ours.state))
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-3, atol=2e-5 * float(jnp.max(jnp.abs(w))))


def test_a_model_without_usual_code_is_named():
    with pytest.raises(FbpError, match=r"no usual code for model.name = 'maxout'"):
        usual_loss(schema.Config(model=schema.Maxout()))
