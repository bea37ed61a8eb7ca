"""What a report shows, free of files and devices: `render` is a pure function of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fbp.lab.compare import Row
from fbp.proof.audit import AuditRow


class LayerRow(NamedTuple):
    """One layer of the net: where it is, what it is, its output's shape, its parameter count, all
    its `times` repetitions together."""

    path: str
    name: str
    output: str
    parameters: int
    times: int = 1


class Mistake(NamedTuple):
    """A misclassified example; `row` is its place in the split.

    scores: what the net gave to the predicted class and to the right one, probabilities where
    the loss has them.
    """

    row: int
    inputs: np.ndarray
    target: int
    predicted: int
    scores: tuple[float, float]


class Classified(NamedTuple):
    """A whole split, classified. confusion: (classes, classes) counts, row target, column
    prediction. mistakes: the worst first; probabilities: whether scores are."""

    split: str
    confusion: np.ndarray
    mistakes: tuple[Mistake, ...]
    probabilities: bool


class ReportData(NamedTuple):
    """config: as TOML. mode: of the gradient. monitor: "loss" or "accuracy", by which validation
    epochs are compared. dataset: facts by name. epochs, end: the events of metrics.jsonl. audit,
    costs, classified: empty or None where there is nothing to show."""

    name: str
    config: str
    mode: str
    monitor: str
    dataset: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    layers: tuple[LayerRow, ...]
    environment: Mapping[str, Any]
    epochs: tuple[Mapping[str, Any], ...]
    end: Mapping[str, Any]
    audit: tuple[AuditRow, ...]
    classified: Classified | None
    costs: tuple[Row, ...]
    commands: tuple[str, ...]
