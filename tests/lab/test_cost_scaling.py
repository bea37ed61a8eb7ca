"""The classic argument in FLOPs, which, unlike time, are the same on every machine."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import pytest

from fbp import Batch, supervised
from fbp.lab import scaling, timing
from fbp.lab.scaling import cheap_gradient, crossover, gradient_costs, jacobian_costs
from fbp.losses import softmax_cross_entropy
from fbp.models import mlp


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)


BATCH = Batch(jax.random.normal(jax.random.key(1), (4, 6)), jnp.array([0, 1, 2, 1]))


def test_gradient_in_reverse_costs_a_few_losses_and_forward_one_a_parameter():
    objective = supervised(mlp([32], 3), softmax_cross_entropy())
    (cost,) = gradient_costs([objective], BATCH, flops_limit=10**5)
    assert cost.size == 6 * 32 + 32 + 32 * 3 + 3
    assert 1.5 < cost.flops["reverse"] / cost.flops["loss"] < 5
    assert cost.size / 2 < cost.flops["forward"] / cost.flops["loss"] < 4 * cost.size
    assert cost.size / 2 < cost.flops["numerical"] / cost.flops["loss"] < 4 * cost.size
    assert set(cost.seconds) == {"loss", "reverse"}  # the others are above the limit


@pytest.mark.parametrize("shapes", [[(32, 8), (32, 128)], [(8, 32), (128, 32)]])
def test_jacobians_break_even_where_inputs_are_as_many_as_outputs(shapes, monkeypatch):
    monkeypatch.setattr(scaling, "HIDDEN", 16)
    costs = jacobian_costs(shapes)
    assert [c.size for c in costs] == [8, 128]
    jacfwd, jacrev = ([c.flops[m] for c in costs] for m in ("jacfwd", "jacrev"))
    assert crossover([8, 128], jacfwd, jacrev) == pytest.approx(32, rel=0.2)


def test_crossover_of_power_laws():
    sizes = [1, 10, 100, 1000]
    assert crossover(sizes, [50 * n for n in sizes], [n**2 for n in sizes]) == pytest.approx(50)
    assert math.isnan(crossover(sizes, sizes, [2 * n for n in sizes]))


def test_cheap_gradient():
    found = cheap_gradient(supervised(mlp([64, 64], 3), softmax_cross_entropy()), BATCH)
    assert found.parameters == 6 * 64 + 64 + 64 * 64 + 64 + 64 * 3 + 3
    assert 2 < found.flops_ratio < 3.5
    assert found.time.low <= found.time.ratio <= found.time.high
