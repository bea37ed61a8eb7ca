"""What a run shows while it runs, on stderr: a bar in a terminal, lines elsewhere, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Position(NamedTuple):
    """Where a run is: steps and epochs done, means over the epoch so far, steps a second."""

    step: int
    steps: int
    epoch: int
    epochs: int
    means: Mapping[str, float]
    rate: float


class Display(NamedTuple):
    """dispatched: after every dispatch. epoch: with every epoch's event."""

    dispatched: Callable[[Position], None]
    epoch: Callable[[Mapping[str, Any]], None]


SILENT = Display(lambda position: None, lambda event: None)


@contextmanager
def display(quiet: bool, console: Console | None = None) -> Iterator[Display]:
    """The display that fits the console, which is stderr unless given."""
    console = Console(stderr=True) if console is None else console
    if quiet:
        yield SILENT
    elif console.is_terminal:
        with _bar(console) as shown:
            yield shown
    else:
        yield Display(SILENT.dispatched, lambda event: _print(console, event))


@contextmanager
def _bar(console: Console) -> Iterator[Display]:
    columns = (
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(bar_width=20),
        TextColumn("step {task.completed}/{task.total}"),
        TextColumn("{task.fields[means]}"),
        TextColumn("{task.fields[rate]} steps/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("train", total=None, epoch="", means="", rate="")

        def dispatched(at: Position) -> None:
            progress.update(
                task,
                completed=at.step,
                total=at.steps,
                epoch=f"{at.epoch}/{at.epochs}",
                means=_numbers(at.means),
                rate=f"{at.rate:.0f}",
            )

        yield Display(dispatched, lambda event: _print(progress.console, event))


def _print(console: Console, event: Mapping[str, Any]) -> None:
    shown = {k: event[k] for k in event if k.endswith(("_loss", "_accuracy"))}
    console.print(
        f"epoch {event['epoch']}  step {event['step']}  {_numbers(shown)}  "
        f"{event['steps_per_second']:.0f} steps/s",
        highlight=False,
        soft_wrap=True,
    )


def _numbers(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items())
