"""What a benchmark found: as a table for a terminal, as plain data, and against the goals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.table import Table

from fbp.lab.bench.measure import Result

AUTODIFF = ("autodiff", "autodiff_remat")  # of which the faster is the baseline


class Verdict(NamedTuple):
    """A goal, and what was reached; met compares them the right way round."""

    case: str
    goal: str
    wanted: float
    reached: float
    met: bool


def best_ratio(result: Result, names: Sequence[str] | str) -> float | None:
    """The time of the fastest of the contenders called so, or whose name starts so, over ours."""
    if isinstance(names, str):
        names = [n for n in result.timings if n == names or n.startswith(f"{names}_")]
    found = [result.timings[n].ratio for n in names if n in result.timings]
    return min(found, default=None)


def verdicts(result: Result) -> Iterator[Verdict]:
    """Every goal of a case that could be tried."""
    goals = result.case.bench.goals

    def least(goal: str, wanted: float | None, reached: float | None) -> Iterator[Verdict]:
        if wanted is not None and reached is not None:
            yield Verdict(result.name, goal, wanted, reached, reached >= wanted)

    def most(goal: str, wanted: float | None, reached: float | None) -> Iterator[Verdict]:
        if wanted is not None and reached is not None:
            yield Verdict(result.name, goal, wanted, reached, reached <= wanted)

    yield from least("autodiff / fbp", goals.autodiff, best_ratio(result, AUTODIFF))
    yield from least("Python loop / fbp", goals.loop, best_ratio(result, ["autodiff_loop"]))
    yield from least("PyTorch / fbp", goals.torch, best_ratio(result, "torch"))
    yield from least("NumPy / fbp", goals.numpy, best_ratio(result, "numpy"))
    if result.floor is not None and "fbp" in result.timings:
        share = result.floor / result.timings["fbp"].seconds
        yield from least("products / fbp", goals.floor, share)
    if "autodiff" in result.temp_bytes:
        leanest = min(result.temp_bytes[n] for n in AUTODIFF if n in result.temp_bytes)
        yield from most("fbp / autodiff, bytes", goals.temp, result.temp_bytes["fbp"] / leanest)
    yield from most("compile, deepest / shallowest", goals.compile, _compile_ratio(result))
    yield from most("step, deepest / on a line", goals.line, _off_the_line(result))


def _depths(result: Result) -> list[int]:
    return sorted(result.case.bench.depths)


def _compile_ratio(result: Result) -> float | None:
    depths = _depths(result)
    if not depths:
        return None
    deepest, shallowest = (result.compile_seconds[f"fbp_{d}"] for d in (depths[-1], depths[0]))
    return deepest / shallowest


def _off_the_line(result: Result) -> float | None:
    """The deepest net's step time over that on the line through the two shallower ones'."""
    if not result.case.bench.depths:
        return None
    a, b, deepest = _depths(result)
    t = {d: result.timings[f"fbp_{d}"].seconds for d in (a, b, deepest)}
    return t[deepest] / (t[a] + (t[b] - t[a]) * (deepest - a) / (b - a))


def bench_table(results: Sequence[Result]) -> Table:
    """A row a contender, with the time over fbp's: above 1, fbp is faster."""
    table = Table(box=None, pad_edge=False)
    table.add_column("case")
    table.add_column("by")
    for name in ("ms", "over fbp", "quartiles", "compile s", "temp MiB"):
        table.add_column(name, justify="right")
    for result in results:
        shown = result.name
        for name, (seconds, ratio, low, high) in result.timings.items():
            compile_s, temp = result.compile_seconds.get(name), result.temp_bytes.get(name)
            table.add_row(
                shown,
                name,
                f"{1e3 * seconds:.2f}",
                f"{ratio:.2f}",
                f"{low:.2f} to {high:.2f}",
                "-" if compile_s is None else f"{compile_s:.1f}",
                "-" if temp is None else f"{temp / 2**20:.1f}",
            )
            shown = ""
        if result.floor is not None:
            table.add_row("", "products alone", f"{1e3 * result.floor:.2f}", "", "", "", "")
        for name, reason in result.missing.items():
            table.add_row("", name, "-", f"not run: {reason}")
        table.add_section()
    return table


def goal_table(results: Sequence[Result]) -> Table:
    """A row a goal."""
    table = Table(box=None, pad_edge=False)
    for name in ("case", "goal"):
        table.add_column(name)
    for name in ("wanted", "reached", ""):
        table.add_column(name, justify="right")
    for verdict in (v for result in results for v in verdicts(result)):
        case, goal, wanted, reached, met = verdict
        table.add_row(case, goal, f"{wanted:g}", f"{reached:.2f}", "met" if met else "MISSED")
    for name, mean in geometric_means(results).items():
        table.add_row("geometric mean", f"{name} / fbp", "", f"{mean:.2f}", "")
    return table


def geometric_means(results: Sequence[Result]) -> dict[str, float]:
    """Over the cases that have it, of the baseline's time over ours."""
    found = {}
    for name, contenders in {"autodiff": AUTODIFF, "torch": "torch"}.items():
        ratios = [r for result in results if (r := best_ratio(result, contenders)) is not None]
        if ratios:
            found[name] = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return found


def as_json(results: Sequence[Result], machine: Mapping[str, Any]) -> dict[str, Any]:
    """The results as plain data; a ratio is a peer's time over ours."""
    return {
        "cases": {result.name: _plain(result) for result in results},
        "geomean": geometric_means(results),
        "machine": dict(machine),
    }


def _plain(result: Result) -> dict[str, Any]:
    timings = result.timings
    return {
        "about": result.case.bench.about,
        "ms": {name: 1e3 * t.seconds for name, t in timings.items()},
        "ratio": {name: t.ratio for name, t in timings.items() if name != "fbp"},
        "quartiles": {name: [t.low, t.high] for name, t in timings.items() if name != "fbp"},
        "compile_s": result.compile_seconds,
        "temp_bytes": result.temp_bytes,
        "rss_bytes": result.rss_bytes,
        "gemm_floor_ms": None if result.floor is None else 1e3 * result.floor,
        "flops": result.flops,
        "goals": [verdict._asdict() for verdict in verdicts(result)],
        "missing": result.missing,
    }
