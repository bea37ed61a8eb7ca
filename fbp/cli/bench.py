"""`fbp bench [CASE...]`: training steps against autodiff's and other frameworks', taken in turn."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from fbp.cli.output import print_table
from fbp.config.error import nearest
from fbp.errors import FbpError
from fbp.lab import plots
from fbp.lab.bench.case import FOLDER, read_case
from fbp.lab.bench.layers import layer_json, layer_table, measure_layers
from fbp.lab.bench.measure import measure_case
from fbp.lab.bench.plot import bench_figure
from fbp.lab.bench.table import as_json, bench_table, goal_table


def run(argv: list[str]) -> int:
    """The command's exit code. Raises FbpError for an unknown case, and where contenders differ."""
    parser = argparse.ArgumentParser(prog="fbp bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{FOLDER}/CASE.toml [all]")
    parser.add_argument("--layers", action="store_true", help="layer by layer instead")
    parser.add_argument("--no-peers", action="store_true", help="JAX alone, no other framework")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), help="folder [runs/bench]")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        raise FbpError(f"--rounds must be at least 1, got {arguments.rounds}")
    if arguments.layers and arguments.cases:
        raise FbpError("--layers times every layer: give no CASE with it")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FbpError(f"cannot write into {arguments.out}: {error.strerror}") from None
    jax.config.update("jax_enable_compilation_cache", False)  # compiling is timed, too
    return _layers(arguments) if arguments.layers else _cases(arguments)


def _cases(arguments: argparse.Namespace) -> int:
    results = []
    for name, path in case_paths(arguments.cases).items():
        case, peers = read_case(path), not arguments.no_peers
        results.append(measure_case(name, case, arguments.rounds, with_peers=peers))
        if not arguments.json:
            print_table(bench_table(results[-1:]))
    found = as_json(results, machine())
    (arguments.out / "bench.json").write_text(json.dumps(found, indent=1))
    plots.save_png(bench_figure(results), arguments.out / "bench.png")
    if arguments.json:
        print(json.dumps(found))
    else:
        print_table(goal_table(results))
        print(f"written: {arguments.out / 'bench.json'} and bench.png")
    return 0


def _layers(arguments: argparse.Namespace) -> int:
    rows = list(measure_layers(arguments.rounds))
    found = {"layers": layer_json(rows), "machine": machine()}
    (arguments.out / "layers.json").write_text(json.dumps(found, indent=1))
    if arguments.json:
        print(json.dumps(found))
    else:
        print_table(layer_table(rows))
        print(f"written: {arguments.out / 'layers.json'}")
    return 0


def case_paths(names: Sequence[str]) -> dict[str, Path]:
    """The files of the named cases, or of all. Raises FbpError for a case that there is not."""
    there = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    if not there:
        raise FbpError(f"there is no {FOLDER} here: run fbp bench in a checkout of fbp")
    for name in names:
        if name not in there:
            near = nearest(name, there)
            question = f"did you mean {near}?" if near else f"there are {', '.join(there)}"
            raise FbpError(f"there is no case {name!r}; {question}")
    return {name: there[name] for name in names or there}


def machine() -> dict[str, Any]:
    """What the times were taken on."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "device": jax.devices()[0].device_kind,
        "backend": jax.default_backend(),
        "python": platform.python_version(),
        "jax": jax.__version__,
    }
