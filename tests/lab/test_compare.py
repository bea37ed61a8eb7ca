"""Every mode at one point of a small net on real digits."""

from __future__ import annotations

import dataclasses

import pytest

from fbp.config.schema import Config, ForwardGradient, Mlp, Train
from fbp.data import load
from fbp.errors import FbpError
from fbp.gradients import MODES
from fbp.lab import compare as module
from fbp.lab import timing
from fbp.lab.compare import compare
from fbp.lab.exactness import exactness

CONFIG = Config(
    model=Mlp(widths=(3,), activation="tanh"),
    gradient=ForwardGradient(tangents=5),
    train=Train(batch_size=8),
)
PARAMETERS = 64 * 3 + 3 + 3 * 10 + 10


@pytest.fixture(scope="module", autouse=True)
def _short():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)
        yield


def only(monkeypatch, *names):
    """Leaves these modes alone to be compared."""
    found = [v for v in module.variants(CONFIG.gradient, PARAMETERS) if v.name in names]
    monkeypatch.setattr(module, "variants", lambda *_: found)


@pytest.fixture(scope="module")
def comparison():
    return compare(CONFIG, load(CONFIG.data))


@pytest.fixture(scope="module")
def rows(comparison):
    return {row.name: row for row in comparison.rows}


def test_every_mode_has_a_row_and_finite_differences_two(comparison, rows):
    assert set(rows) == {*MODES, "finite_difference_one_sided"}
    assert (comparison.parameters, comparison.examples) == (PARAMETERS, 8)
    assert not any(row.extrapolated or row.reason for row in comparison.rows)


def test_exactness(rows):
    for name in ("backprop", "autodiff", "forward", "forward_autodiff"):
        assert rows[name].max_rel_error < 1e-5
        assert rows[name].cosine == pytest.approx(1, abs=1e-9)
    central, one_sided = rows["finite_difference"], rows["finite_difference_one_sided"]
    assert 1e-5 < central.max_rel_error < one_sided.max_rel_error < 0.1
    assert 0.99 < one_sided.cosine < central.cosine
    assert 0 < rows["forward_gradient"].cosine < 1
    assert 0 < rows["spsa"].cosine < 1


def test_passes(rows):
    assert {name: row.passes for name, row in rows.items()} == {
        "backprop": 2,
        "autodiff": 2,
        "forward": PARAMETERS,
        "forward_autodiff": PARAMETERS,
        "finite_difference": 2 * PARAMETERS,
        "finite_difference_one_sided": PARAMETERS + 1,
        "forward_gradient": 5,
        "spsa": 2,
    }


def test_costs(comparison, rows):
    """A gradient in reverse costs a few losses; forward and numerically, one a parameter."""
    flops = {name: row.flops / comparison.loss_flops for name, row in rows.items()}
    assert 1.5 < flops["backprop"] < 5
    for name in ("forward", "forward_autodiff", "finite_difference_one_sided"):
        assert PARAMETERS / 2 < flops[name] < 4 * PARAMETERS
    assert 1.5 < flops["finite_difference"] / flops["finite_difference_one_sided"] < 2.5
    for row in rows.values():
        assert row.time_low <= row.time_ratio <= row.time_high
        assert row.temp_bytes > 0


def test_beyond_the_limit_time_and_exactness_come_from_some_entries(monkeypatch, rows):
    only(monkeypatch, "backprop", "forward")
    largest = []
    monkeypatch.setattr(
        module, "exactness", lambda g, e: largest.append(abs(e).max()) or exactness(g, e)
    )
    few = {row.name: row for row in compare(CONFIG, load(CONFIG.data), flops_limit=1).rows}
    assert few["forward"].extrapolated
    assert not few["backprop"].extrapolated
    assert few["forward"].max_rel_error < 1e-5
    assert len(set(largest)) == 1  # errors are relative to the same entry as in full
    # Cost and passes are still those of the whole gradient.
    assert few["forward"][:2] == rows["forward"][:2]
    assert few["forward"].flops == rows["forward"].flops
    assert few["forward"].time_ratio > few["backprop"].time_ratio


def test_a_mode_that_cannot_serve_says_why(monkeypatch):
    build = module.build_objective

    def without_vjp(config, classes):
        net, loss, objective = build(config, classes)
        return net, loss, objective._replace(vjp=missing)

    def missing(params, res, dloss):
        raise FbpError("dense has no vjp")

    monkeypatch.setattr(module, "build_objective", without_vjp)
    only(monkeypatch, "backprop")
    (row,) = compare(CONFIG, load(CONFIG.data)).rows
    assert row.reason == "dense has no vjp"
    assert (row.cosine, row.flops, row.time_ratio) == (None, None, None)


def test_half_precision_is_compared_with_float64(monkeypatch):
    only(monkeypatch, "backprop")
    train = dataclasses.replace(CONFIG.train, compute_dtype="bfloat16")
    (row,) = compare(dataclasses.replace(CONFIG, train=train), load(CONFIG.data)).rows
    assert 1e-4 < row.max_rel_error < 0.1


def test_dropout_draws_one_mask_in_both_precisions(monkeypatch):
    only(monkeypatch, "backprop")
    config = dataclasses.replace(CONFIG, model=Mlp(widths=(16,), dropout=0.5))
    (row,) = compare(config, load(config.data)).rows
    assert row.max_rel_error < 1e-5
