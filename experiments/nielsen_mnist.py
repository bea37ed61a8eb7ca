"""The MNIST runs of Nielsen 2015, chapters 1 and 3, beside the numbers in the book.

Each is a shipped configuration with overrides, as for `fbp train`; all seeds train as one program.
"""

import json
import time
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import tyro

from fbp import Batch, FbpError
from fbp.config import read_config
from fbp.data import load
from fbp.lab.seeds import draw_seeds
from fbp.train.ensemble import make_configured_run

CONFIG = "configs/mnist_nielsen_ch{}.toml"
TABLE = "{:20}{:>11}{:>15}{:>7}{:>15}{:>7}{:>9}"


class Run(NamedTuple):  # first, best: the book's accuracy in % after the first and the best epoch
    chapter: int
    overrides: str
    first: float | None
    best: float | None
    split: str = "test"


ETA, LARGE = "--optimizer.learning-rate", "--model.weight-init standard_normal"
SMALL_NET = "--model.widths 30 --train.epochs 30"
RUNS = {
    "ch1-30": Run(1, "", 91.29, 95.42),
    "ch1-100": Run(1, "--model.widths 100", None, 96.59),
    "ch1-100-eta-0.001": Run(1, f"--model.widths 100 {ETA} 0.001", 11.39, 21.42),
    "ch1-30-eta-100": Run(1, f"{ETA} 100", 10.09, 10.09),
    "ch1-no-hidden": Run(1, "--model.widths", None, None),
    "ch3-30": Run(3, f"{SMALL_NET} {LARGE} {ETA} 0.5 --optimizer.l2 0", None, 95.49),
    "ch3-30-l2": Run(3, f"{SMALL_NET} {LARGE} {ETA} 0.5", None, 96.49),
    "ch3-30-large-init": Run(3, f"{SMALL_NET} {LARGE}", 87.0, 96.0, "validation"),
    "ch3-30-small-init": Run(3, SMALL_NET, 93.0, 96.0, "validation"),
    "ch3-100": Run(3, f"{LARGE} {ETA} 0.5 --train.epochs 30", None, 97.92, "validation"),
    "ch3-100-eta-0.1": Run(3, LARGE, None, 98.04, "validation"),
}


def train(run: Run, seeds: int, smoke: bool) -> np.ndarray:
    """Accuracy in % on the run's split: (seeds, epochs)."""
    overrides = run.overrides + (" --train.epochs 1" if smoke else "")
    config = read_config(CONFIG.format(run.chapter), overrides.split())
    known, rows = load(config.data), slice(500 if smoke else None)
    data, held_out = (Batch(*(a[rows] for a in getattr(known, s))) for s in ("train", run.split))
    whole = make_configured_run(config, len(known.classes), len(data.targets))
    keys = jax.random.split(jax.random.key(config.seed), seeds)
    many = jax.jit(jax.vmap(whole, in_axes=(0, None, None)))
    _, curves = many(keys, data, {run.split: held_out})
    return 100 * np.asarray(curves[run.split]["accuracy"])


def main(only: tuple[str, ...] = (), seeds: int = 3, out: Path = Path("runs/nielsen_mnist"),
         smoke: bool = False) -> None:  # fmt: skip
    """Prints a table, writes results.json and curves.png; --only NAME ... selects runs."""
    if unknown := ", ".join(set(only) - set(RUNS)):
        raise FbpError(f"--only: there is no run {unknown}; there are {', '.join(RUNS)}")
    out.mkdir(parents=True, exist_ok=True)
    print(TABLE.format("run", "split", "first epoch", "book", "best", "book", "seconds"))
    results = {}
    for name in only or RUNS:
        run, start = RUNS[name], time.perf_counter()
        curves = results[name] = train(run, seeds, smoke)
        seconds = f"{time.perf_counter() - start:.0f}"
        first, best = (f"{a.mean():.2f} ± {a.std():.2f}" for a in (curves[:, 0], curves.max(1)))
        print(TABLE.format(name, run.split, first, run.first or "", best, run.best or "", seconds))
    rows = {k: {**RUNS[k]._asdict(), "accuracy": v.tolist()} for k, v in results.items()}
    (out / "results.json").write_text(json.dumps(rows))
    draw_seeds(out / "curves.png", results, ylabel="accuracy, %", reference_label="the book's best",
               references={name: RUNS[name].best for name in results})  # fmt: skip


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except FbpError as error:
        raise SystemExit(str(error)) from None
