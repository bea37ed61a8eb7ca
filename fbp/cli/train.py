"""`fbp train CONFIG`: trains, proves the gradient it trained with, and writes a report."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from fbp.cli.check import prove_config
from fbp.cli.output import print_table
from fbp.cli.parser import ConfigParser
from fbp.config import read_config
from fbp.config.schema import Config
from fbp.errors import FbpError
from fbp.proof.audit import failures
from fbp.proof.audit_table import audit_table, verdict
from fbp.report import REPORT, write_report
from fbp.train.progress import display
from fbp.train.run import INTERRUPTED, NonFiniteError, Summary, finished, train
from fbp.train.run_folder import (
    CONFIG,
    next_folder,
    open_existing,
    require_same_config,
    to_json,
)


def run(argv: list[str]) -> int:
    """The exit code: 1 for training that met a non-finite value, or whose gradient is wrong; 130
    after Ctrl-C."""
    parser = ConfigParser(needs_config=False, prog="fbp train", description=__doc__)
    parser.add_argument("--run", type=Path, help="the new run's folder [runs/CONFIG-1, -2, ...]")
    parser.add_argument("--resume", metavar="RUN", type=Path, help="continue this folder's run")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    arguments, overrides = parser.parse(argv)
    config = _config(parser, arguments, overrides)
    folder = arguments.resume or arguments.run or next_folder(Path(arguments.config).stem)
    if not arguments.quiet:
        print(f"{_in_a_line(config)}; run folder {folder}", file=sys.stderr)
    try:
        with display(arguments.quiet) as shown:
            resume = arguments.resume is not None
            summary = _unreported(arguments.resume, config) or train(
                config, folder, resume=resume, display=shown
            )
    except NonFiniteError as error:
        print(f"fbp: {error}", file=sys.stderr)
        return 1
    if summary.reason == INTERRUPTED:
        print(
            f"interrupted after step {summary.steps}, which is saved; "
            f"continue with: fbp train --resume {folder}",
            file=sys.stderr,
        )
        return 130
    if not arguments.json:
        print(_result(summary))
    proved = _audit(folder, show=not arguments.json)
    report = write_report(folder)
    if arguments.json:
        found = summary._asdict()
        keys = ("run", "steps", "seconds", "train_loss", "test_loss", "test_accuracy")
        print(to_json({key: found[key] for key in keys}))
    else:
        print(f"report: {report}")
    return 0 if proved else 1


def _config(parser: ConfigParser, arguments: Namespace, overrides: list[str]) -> Config:
    """The file's configuration; for a run that is resumed, its own unless one is given."""
    if arguments.resume and arguments.run:
        parser.error("--resume continues in the run's own folder: leave --run out")
    if arguments.config is not None:
        return read_config(arguments.config, overrides)
    if arguments.resume is None:
        parser.error("CONFIG is missing, such as configs/digits_mlp.toml")
    if overrides:
        parser.error(f"a resumed run keeps its settings: leave {overrides[0]} out")
    return open_existing(arguments.resume)[1]


def _unreported(folder: Path | None, config: Config) -> Summary | None:
    """How a resumed run ended that has all but its report, as a kill at the end leaves it."""
    if folder is None or (folder / REPORT).exists():
        return None
    found, saved = open_existing(folder)
    require_same_config(found, saved, config)
    return finished(found)


def _in_a_line(config: Config) -> str:
    return (
        f"{config.data.name}: {config.model.name}, {config.loss.name}, {config.gradient.mode}, "
        f"{config.optimizer.name}, {config.train.epochs} epochs in batches of "
        f"{config.train.batch_size}"
    )


def _result(summary: Summary) -> str:
    numbers = {
        "train loss": summary.train_loss,
        "test loss": summary.test_loss,
        "test accuracy": summary.test_accuracy,
    }
    found = [f"{name} {value:.4f}" for name, value in numbers.items() if value is not None]
    done = f"{summary.reason}: {summary.steps} steps in {summary.seconds:.1f} s"
    return "; ".join([done, ", ".join(found)])


def _audit(folder: Path, *, show: bool) -> bool:
    """Whether the hand-written gradient of this run's model is right; what was found is printed.

    A model that lacks a rule has none to prove, and trained without it.
    """
    try:
        rows = prove_config(str(folder / CONFIG), [])
    except FbpError as error:
        print(f"fbp: no gradient audit: {error}", file=sys.stderr)
        return True
    if show:
        print_table(audit_table(rows))
        print(verdict(rows))
    elif failures(rows):
        print(f"fbp: {verdict(rows)}", file=sys.stderr)
    return not failures(rows)
