"""`fbp summary CONFIG`: a row per layer, with what it holds, keeps and costs."""

from __future__ import annotations

import json

import jax
from rich.table import Table

from fbp.build import build_objective
from fbp.cli.memory import Saved, measured, predicted
from fbp.cli.output import print_table
from fbp.cli.parser import ConfigParser
from fbp.config import read_config
from fbp.data import load
from fbp.summary import Row, Summary, summarise
from fbp.train.setup import batch_spec


def run(argv: list[str]) -> int:
    """The command's exit code."""
    parser = ConfigParser(prog="fbp summary", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments, overrides = parser.parse(argv)
    config = read_config(arguments.config, overrides)
    dataset = load(config.data)
    with jax.enable_x64(config.train.param_dtype == "float64"):
        net = build_objective(config, len(dataset.classes))[0]
        batch = batch_spec(config, dataset)
        found = summarise(net, batch.inputs)
        saved = predicted(config, len(dataset.classes), batch)
        temporary = measured(config, len(dataset.classes), batch)
    if arguments.json:
        print(json.dumps(as_json(found, saved, temporary)))
    else:
        print_table(as_table(found, batch.inputs.shape))
        print()
        print_table(memory_table(saved, temporary))
    return 0


def as_json(found: Summary, saved: list[Saved], temporary: int) -> dict:
    """The summary as plain data: {"layers": [...], "total": {...}, "memory": {...}}."""
    total = found._asdict()
    layers = [row._asdict() | {"path": "/".join(row.path)} for row in total.pop("rows")]
    memory = {"saves": [row._asdict() for row in saved], "measured": temporary}
    return {"layers": layers, "total": total, "memory": memory}


def memory_table(saved: list[Saved], temporary: int) -> Table:
    """Predictions for each mode, the configured one first, and its measurement."""
    table = Table(box=None, pad_edge=False, caption_justify="left")
    table.add_column("save")
    for name in ("kept bytes", "recomputed bytes", "measured bytes"):
        table.add_column(name, justify="right")
    for row in saved:
        of_program = f"{temporary:,}" if row is saved[0] else "-"
        table.add_row(row.save, f"{row.kept:,}", f"{row.recomputed:,}", of_program)
    table.caption = (
        "kept: all residuals of the loss; recomputed: of them, what exists at a time in the "
        "backward pass; measured: temporary memory of the gradient as compiled, working space "
        "included"
    )
    return table


def as_table(found: Summary, inputs: tuple[int, ...]) -> Table:
    """The summary as people read it."""
    table = Table(box=None, pad_edge=False, caption_justify="left")
    table.add_column("path")
    table.add_column("layer")
    table.add_column("output")
    for name in ("parameters", "residual bytes", "forward FLOPs", "jvp FLOPs", "vjp FLOPs"):
        table.add_column(name, justify="right")
    for row in found.rows:
        times = f" ×{row.times}" if row.times > 1 else ""
        table.add_row("/".join(row.path), row.layer + times, str(row.output), *_numbers(row))
    table.add_section()
    table.add_row("total", "", "", *_numbers(found))
    table.caption = f"for inputs {inputs}; FLOPs of each rule alone, as compiled"
    return table


def _numbers(counts: Row | Summary) -> list[str]:
    values = (counts.parameters, counts.residual_bytes, counts.forward, counts.jvp, counts.vjp)
    return ["-" if value is None else f"{value:,}" for value in values]
