"""The MNIST runs of Nielsen 2015, chapters 1 and 3, beside the numbers in the book.

Each run is one of the shipped configurations with overrides, as `fbp train` takes them; several
seeds of it train at once, as one vmapped program for all epochs.
"""

import json
import time
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import optax
import tyro

from fbp import Batch, FbpError
from fbp.build import build_gradient, build_objective, build_optimizer
from fbp.config import read_config
from fbp.data import load
from fbp.lab.seeds import draw_seeds
from fbp.train.ensemble import make_run

CONFIG = "configs/mnist_nielsen_ch{}.toml"
TABLE = "{:20}{:>11}{:>15}{:>7}{:>15}{:>7}{:>9}"


class Run(NamedTuple):
    """first, best: the book's accuracy in % after the first, and after the best epoch."""

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
    config = read_config(CONFIG.format(run.chapter), run.overrides.split())
    splits = load(config.data)
    data, held_out = (Batch(*getattr(splits, name)) for name in ("train", run.split))
    epochs, batch_size = config.train.epochs, config.train.batch_size
    if smoke:
        epochs, (data, held_out) = 1, jax.tree.map(lambda a: a[:500], (data, held_out))
    _, _, objective = build_objective(config, len(splits.classes))
    rate = optax.constant_schedule(config.optimizer.learning_rate)
    optimizer = build_optimizer(config, rate, len(data.targets))
    grad_fn = build_gradient(config, objective)
    whole = make_run(objective, grad_fn, optimizer, epochs=epochs, batch_size=batch_size)
    keys = jax.random.split(jax.random.key(config.seed), seeds)
    many = jax.jit(jax.vmap(whole, in_axes=(0, None, None)))
    _, curves = many(keys, data, {run.split: held_out})
    return 100 * np.asarray(curves[run.split]["accuracy"])


def main(
    only: tuple[str, ...] = (),
    seeds: int = 3,
    out: Path = Path("runs/nielsen_mnist"),
    smoke: bool = False,
) -> None:
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
    books = {name: RUNS[name].best for name in results}
    draw_seeds(out / "curves.png", results, ylabel="accuracy, %", references=books,
               reference_label="the book's best")  # fmt: skip


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except FbpError as error:
        raise SystemExit(str(error)) from None
