"""Only what does as much as fbp is drawn beside it."""

from fbp.lab.bench.case import Case, Setting
from fbp.lab.bench.measure import Result
from fbp.lab.bench.plot import bench_figure
from fbp.lab.timing import Timing


def result(name, depths=(), **ratios):
    timings = {n: Timing(1e-3, r, 0.9 * r, 1.1 * r) for n, r in ratios.items()}
    return Result(name, Case(bench=Setting(depths=depths)), timings, {}, {}, {}, None, 1, {})


def test_a_point_a_contender_and_of_depths_the_deepest_only():
    flat = result("flat", fbp=1.0, autodiff=2.0, torch_eager=0.5, numpy=7.0)
    deep = result("deep", (2, 9), fbp_9=1.0, autodiff_9=1.5, fbp_2=0.2, autodiff_2=0.3)
    (axes,) = bench_figure([flat, deep]).axes
    points = {
        line.get_label(): sorted(zip(line.get_ydata(), line.get_xdata(), strict=True))
        for line in axes.lines
        if line.get_marker() != "None"
    }
    assert points == {
        "autodiff": [(0.0, 2.0), (1.0, 1.5)],
        "torch": [(0.0, 0.5)],
        "other": [(0.0, 7.0)],
    }
