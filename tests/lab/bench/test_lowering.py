"""Every case's training step is made for machines that this one is not."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax import export

from fbp.gradients import gradient
from fbp.lab.bench.case import FOLDER, read_case
from fbp.lab.bench.point import objective_of, point_of
from fbp.lab.bench.steps import optimizer_of
from fbp.train.state import TrainState
from fbp.train.step import make_step

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
CASES = {p.stem: p for p in sorted((Path(__file__).parents[3] / FOLDER).glob("*.toml"))}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.slow] * (n not in ("mlp", "lenet", "lstm")))
        for n in CASES
    ],
)
def test_the_step_lowers_for_every_platform(name):
    case = read_case(CASES[name])
    objective, optimizer = objective_of(case), optimizer_of(case)
    params, state, batch, ctx = jax.eval_shape(lambda: point_of(case, objective))
    step = make_step(gradient(objective), optimizer)
    opt_state = jax.eval_shape(optimizer.init, params)
    count = jax.ShapeDtypeStruct((), jnp.int32)
    train_state = TrainState(params, state, opt_state, count, ctx.key)
    exported = export.export(jax.jit(step), platforms=PLATFORMS)(train_state, batch)
    assert exported.platforms == PLATFORMS
