"""`fbp compare CONFIG`: every gradient mode on the same parameters and batch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from fbp.cli.output import print_table
from fbp.cli.parser import ConfigParser
from fbp.config import read_config
from fbp.data import load
from fbp.errors import FbpError
from fbp.lab import plots
from fbp.lab.compare import Comparison, compare
from fbp.lab.page import render
from fbp.lab.scaling import Cost, gradient_costs, jacobian_costs
from fbp.lab.tables import mode_table
from fbp.losses import softmax_cross_entropy
from fbp.models import mlp
from fbp.objective import Batch, supervised

WIDTHS = (1, 4, 16, 64, 256)  # of the hidden layer, in the family whose gradients are timed
INPUTS, OUTPUTS = 64, 10  # of that family
SIZES = (16, 64, 256, 1024, 2048)  # inputs or outputs of the nets whose Jacobians are timed
FIXED = 256  # the other of the two
FIGURES = {  # (title, caption)
    "modes": (
        "The modes on this model",
        "FLOPs count the work, time also what the machine makes of it: passes that run side by "
        "side keep a processor busier than one alone.",
    ),
    "gradient": (
        "As the parameters grow",
        "One gradient of nets with 64 inputs, one hidden layer and 10 outputs: in reverse it "
        "costs a small multiple of the loss, forward or numerically it costs the loss once a "
        "parameter. What would take too long is counted but not timed.",
    ),
    "jacobian": (
        "As outputs and inputs grow",
        "One Jacobian of a net with one hidden layer, by hand-written rules: jacfwd takes a pass "
        "an input, jacrev a pass an output, and they break even where there are as many of both. "
        "A loss has one output: it is beyond the left end of the panels on the left.",
    ),
}


def run(argv: list[str]) -> int:
    """The command's exit code. Raises FbpError for a folder that cannot be written."""
    parser = ConfigParser(prog="fbp compare", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="folder of the results [runs/compare-CONFIG]")
    arguments, overrides = parser.parse(argv)
    config = read_config(arguments.config, overrides)
    name = Path(arguments.config).stem
    out = arguments.out or Path("runs") / f"compare-{name}"
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
    comparison = compare(config, load(config.data))
    if not arguments.json:
        print_table(mode_table(comparison))
    gradients = _gradient_costs(comparison.examples)
    by_outputs = jacobian_costs([(FIXED, size) for size in SIZES])
    by_inputs = jacobian_costs([(size, FIXED) for size in SIZES])
    with _writing(out):
        write(out, name, comparison, gradients, by_outputs, by_inputs)
    found = as_json(comparison)
    print(json.dumps(found) if arguments.json else f"written: {out / 'compare.html'}")
    return 0


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data: {"modes": {name: {...}}, "loss": {...}, ...}."""
    found = comparison._asdict()
    modes = {row.name: row._asdict() for row in found.pop("rows")}
    for mode in modes.values():
        del mode["name"]
        # JSON has no NaN and no infinity, which a diverged gradient gives.
        mode |= {k: None for k, v in mode.items() if isinstance(v, float) and not math.isfinite(v)}
    loss = {k.removeprefix("loss_"): found.pop(k) for k in list(found) if k.startswith("loss_")}
    return {"modes": modes, "loss": loss, **found}


def write(
    out: Path,
    name: str,
    comparison: Comparison,
    gradients: list[Cost],
    by_outputs: list[Cost],
    by_inputs: list[Cost],
) -> None:
    """compare.json, a PNG a figure, and compare.html with everything, into the folder `out`."""
    figures = {
        "modes": plots.mode_figure(comparison),
        "gradient": plots.gradient_figure(gradients, comparison),
        "jacobian": plots.jacobian_figure(by_outputs, by_inputs),
    }
    costs = {"gradient": gradients, "by_outputs": by_outputs, "by_inputs": by_inputs}
    plain = {key: [cost._asdict() for cost in values] for key, values in costs.items()}
    (out / "compare.json").write_text(json.dumps(as_json(comparison) | {"costs": plain}, indent=1))
    for stem, figure in figures.items():
        plots.save_png(figure, out / f"{stem}.png")
    sections = {title: (figures[stem], caption) for stem, (title, caption) in FIGURES.items()}
    (out / "compare.html").write_text(render(name, comparison, sections), encoding="utf-8")


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Raises FbpError where a file of `out` cannot be written."""
    try:
        yield
    except OSError as error:
        raise FbpError(f"--out: cannot write to {out}: {error.strerror}") from error


def _gradient_costs(examples: int) -> list[Cost]:
    """Of nets with one hidden layer, growing, on examples made up to the digits' shape."""
    inputs = jax.random.normal(jax.random.key(0), (examples, INPUTS))
    batch = Batch(inputs, jnp.arange(examples) % OUTPUTS)
    loss = softmax_cross_entropy()
    return gradient_costs([supervised(mlp((width,), OUTPUTS), loss) for width in WIDTHS], batch)
