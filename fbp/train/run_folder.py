"""A run's folder: what was asked, where it ran, what was measured, and its checkpoints."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import IO, Any, NamedTuple

import jax

from fbp.config import read_config, to_toml
from fbp.config.schema import Config
from fbp.data import Dataset
from fbp.errors import FbpError
from fbp.layer import Layer, PyTree
from fbp.losses import Loss
from fbp.objective import Objective
from fbp.train.checkpoint import Checkpoints
from fbp.train.environment import environment
from fbp.train.setup import set_up

CONFIG, METRICS, ENVIRONMENT, CHECKPOINTS = (
    "config.toml", "metrics.jsonl", "environment.json", "checkpoints",
)  # fmt: skip
EVENTS = {  # what is read of each kind
    "epoch": {"step", "epoch", "train_loss"},
    "end": {"step", "reason", "finished"},
}


class RunFolderError(FbpError):
    """A run folder that is in the way, cannot be written, or is none."""


class RunFolder(NamedTuple):
    """The paths in one run's folder."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @property
    def metrics(self) -> Path:
        return self.path / METRICS

    @property
    def config(self) -> Path:
        return self.path / CONFIG


def next_folder(stem: str, root: Path = Path("runs")) -> Path:
    """root/stem-n for the least n >= 1 that is free."""
    n = 1
    while (root / f"{stem}-{n}").exists():
        n += 1
    return root / f"{stem}-{n}"


def create(path: Path, config: Config) -> RunFolder:
    """A new folder with the configuration and the environment in it.

    Raises RunFolderError if there is something already, or if it cannot be written.
    """
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunFolderError(
                f"{path} already exists: continue it with --resume {path}, or choose another --run"
            )
        path.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(path)
        (path / ENVIRONMENT).write_text(json.dumps(environment(), indent=2) + "\n", "utf-8")
        folder.metrics.touch()
        folder.config.write_text(to_toml(config), "utf-8")
    except OSError as error:
        raise RunFolderError(f"cannot write the run folder {path}: {error.strerror}") from error
    return folder


def open_existing(path: Path) -> tuple[RunFolder, Config]:
    """The folder of an earlier run and its configuration. Raises RunFolderError for another."""
    folder = RunFolder(path)
    if not folder.config.is_file():
        raise RunFolderError(f"{path} is no run folder: it has no {CONFIG}")
    return folder, read_config(folder.config)


def require_same_config(folder: RunFolder, saved: Config, config: Config) -> None:
    """Raises RunFolderError naming the first setting in which `config` is not the run's own."""
    there, here = (_flat(dataclasses.asdict(c)) for c in (saved, config))
    for key in (*there, *here):
        if there.get(key) != here.get(key):
            raise RunFolderError(
                f"{folder.path} was trained with {key} = {there.get(key)!r}, not "
                f"{here.get(key)!r}: resume it as it is, or start a new run"
            )


class Run(NamedTuple):
    """A trained model and what it was trained on. params: the averaged ones, if there are any."""

    config: Config
    dataset: Dataset
    net: Layer
    loss: Loss
    objective: Objective
    params: PyTree
    state: PyTree


def load_run(path: Path) -> Run:
    """The run in a folder, at its newest checkpoint.

    Raises RunFolderError for a folder that is none, CheckpointError without a checkpoint.
    float64 runs are loaded, and have to be used, under jax.enable_x64(True).
    """
    folder, config = open_existing(path)
    with jax.enable_x64(config.train.param_dtype == "float64"):
        setup = set_up(config)
        with Checkpoints(folder.checkpoints) as checkpoints:
            train_state, _ = checkpoints.restore(setup.initial)
    params = train_state.params if train_state.average is None else train_state.average
    return Run(
        config, setup.dataset, setup.net, setup.loss, setup.objective, params, train_state.state
    )


class MetricsWriter:
    """Appends events to metrics.jsonl; kill -9 loses none that was written. A context manager."""

    def __init__(self, folder: RunFolder, keep_bytes: int):
        """keep_bytes: what lies beyond was not part of the checkpoint, and will come again.

        Raises RunFolderError for a file that is shorter than that, or cannot be written.
        """
        path = folder.metrics
        try:
            found = path.stat().st_size
            if found < keep_bytes:
                raise RunFolderError(
                    f"{path} holds {found} bytes of the {keep_bytes} that the checkpoint counts: "
                    "put the whole file back, or start a new run"
                )
            os.truncate(path, keep_bytes)
            self._file: IO[str] = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RunFolderError(f"cannot write {path}: {error.strerror}") from error

    def __enter__(self) -> MetricsWriter:
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def write(self, event: dict[str, Any]) -> None:
        """Appends one line. Raises RunFolderError where it cannot be written."""
        try:
            self._file.write(to_json(event) + "\n")
            self._file.flush()
        except OSError as error:
            path = self._file.name
            raise RunFolderError(f"cannot write {path}: {error.strerror}") from error

    def bytes(self) -> int:
        """The file's length."""
        return self._file.tell()


def read_metrics(folder: RunFolder) -> list[dict[str, Any]]:
    """The events so far; a last line that a crash cut off is left out.

    Raises RunFolderError for a file that is missing, or is not what a run writes.
    """
    lines = _read(folder.metrics).splitlines(keepends=True)
    events = [
        _parsed(folder.metrics, line, f"line {number}: ")
        for number, line in enumerate(lines, start=1)
        if line.endswith("\n")
    ]
    for number, event in enumerate(events, start=1):
        missing = EVENTS.get(str(event.get("event")), {"event"}) - event.keys()
        if missing:
            raise RunFolderError(
                f"{folder.metrics} is damaged: line {number} has no {min(missing)}"
            )
    return events


def read_environment(folder: RunFolder) -> dict[str, Any]:
    """Where the run was made, as `environment` told. Raises as read_metrics does."""
    path = folder.path / ENVIRONMENT
    found = _parsed(path, _read(path))
    if not isinstance(found.get("packages"), dict):
        raise RunFolderError(f"{path} is damaged: it names no packages")
    return found


def to_json(value: Any) -> str:
    """`value` on one line; numbers that are not finite become null, which JSON has."""
    return json.dumps(_finite_or_none(value), allow_nan=False)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunFolderError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise RunFolderError(f"{path} is damaged: {error}") from error


def _parsed(path: Path, text: str, where: str = "") -> dict[str, Any]:
    """The JSON object in text."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise RunFolderError(f"{path} is damaged: {where}{error}") from error
    if not isinstance(found, dict):
        raise RunFolderError(f"{path} is damaged: {where}not a JSON object")
    return found


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value}
    return flat


def _finite_or_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite_or_none(v) for k, v in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
