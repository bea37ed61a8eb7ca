"""Ratios, goals and means, from made-up times."""

import math

import pytest

from fbp.lab.bench.case import Case, Goals, Setting
from fbp.lab.bench.measure import Result
from fbp.lab.bench.table import as_json, best_ratio, geometric_means, verdicts
from fbp.lab.timing import Timing


def result(name="c", goals=None, depths=(), floor=1e-3, compile_seconds=None, **ratios) -> Result:
    timings = {n: Timing(2e-3 * r, r, r - 0.1, r + 0.1) for n, r in {"fbp": 1.0, **ratios}.items()}
    setting = Setting(about=name, depths=depths, goals=goals or Goals())
    temp = {"fbp": 10, "autodiff": 100, "autodiff_remat": 40}
    return Result(name, Case(bench=setting), timings, compile_seconds or {}, temp, {}, floor, 7, {})


def test_the_baseline_is_the_faster_of_plain_and_rematerialised():
    found = result(autodiff=3.0, autodiff_remat=2.0, autodiff_of_ours=1.0, torch_eager=5.0)
    assert best_ratio(found, ("autodiff", "autodiff_remat")) == 2.0
    assert best_ratio(found, "torch") == 5.0
    assert best_ratio(found, "numpy") is None


def test_goals_are_met_from_the_right_side():
    goals = Goals(autodiff=2.0, torch=1.3, floor=0.6, temp=0.3)
    found = result(goals=goals, autodiff=2.5, autodiff_remat=2.0, torch_eager=1.2)
    met = {v.goal: (v.reached, v.met) for v in verdicts(found)}
    assert met == {
        "autodiff / fbp": (2.0, True),
        "PyTorch / fbp": (1.2, False),
        "products / fbp": (0.5, False),
        "fbp / autodiff, bytes": (0.25, True),
    }


def test_depth_is_held_against_the_line_through_the_shallower_two():
    goals = Goals(compile=1.3, line=1.1)
    compile_seconds = {"fbp_2": 1.0, "fbp_4": 1.1, "fbp_10": 1.2}
    found = result(
        goals=goals, depths=(2, 4, 10), compile_seconds=compile_seconds,
        fbp_2=1.0, fbp_4=2.0, fbp_10=6.0,
    )  # fmt: skip
    reached = {v.goal: (pytest.approx(v.reached), v.met) for v in verdicts(found)}
    assert reached["compile, deepest / shallowest"] == (1.2, True)
    assert reached["step, deepest / on a line"] == (6.0 / 5.0, False)


def test_means_are_geometric_and_over_what_ran():
    results = [result("a", autodiff=4.0), result("b", autodiff=1.0, torch_compile=3.0)]
    assert geometric_means(results) == {
        "autodiff": pytest.approx(2.0), "torch": pytest.approx(3.0),
    }  # fmt: skip


def test_json_has_what_scripts_read():
    found = as_json([result(autodiff=4.0)], {"cores": 2})
    case = found["cases"]["c"]
    assert case["ms"] == {"fbp": pytest.approx(2.0), "autodiff": pytest.approx(8.0)}
    assert case["ratio"] == {"autodiff": 4.0}
    assert case["gemm_floor_ms"] == pytest.approx(1.0)
    assert case["flops"] == 7
    assert case["temp_bytes"]["autodiff_remat"] == 40
    assert math.isclose(found["geomean"]["autodiff"], 4.0)
