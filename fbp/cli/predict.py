"""`fbp predict RUN FILE`: the class of every example in a file, as a trained model sees it."""

from __future__ import annotations

import json
from pathlib import Path

import jax
from rich.table import Table

from fbp.cli.output import print_table
from fbp.cli.parser import Parser
from fbp.config.schema import Text
from fbp.data.inputs import read_inputs
from fbp.errors import FbpError
from fbp.predict import Prediction, predict
from fbp.train.run_folder import load_run


def run(argv: list[str]) -> int:
    """The command's exit code."""
    parser = Parser(prog="fbp predict", description=__doc__)
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a training run")
    parser.add_argument(
        "file", metavar="FILE", type=Path, help=".npy, .npz, .csv, .png, or a folder of PNGs"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    trained = load_run(arguments.run)
    dataset, dtype = trained.dataset, trained.config.train.param_dtype
    if isinstance(trained.config.data, Text):
        raise FbpError(f"{arguments.run} is a language model: fbp sample {arguments.run}")
    inputs = read_inputs(arguments.file, dataset.train.inputs.shape[1:], dataset.scaling)
    with jax.enable_x64(dtype == "float64"):
        found = predict(
            trained.net, trained.loss, trained.params, trained.state, inputs.astype(dtype)
        )
    if arguments.json:
        print(json.dumps(as_json(found, dataset.classes)))
    else:
        print_table(as_table(found, dataset.classes))
    return 0


def as_json(found: Prediction, classes: tuple[str, ...]) -> dict:
    """{"classes", "predictions": [{"class", "probabilities" or "scores": one a class}]}."""
    kind = "probabilities" if found.probabilities else "scores"
    return {
        "classes": list(classes),
        "predictions": [
            {"class": classes[label], kind: scores.tolist()}
            for label, scores in zip(found.labels, found.scores, strict=True)
        ],
    }


def as_table(found: Prediction, classes: tuple[str, ...]) -> Table:
    """A row per example: its class, and the probability, or the score, of every class."""
    table = Table(box=None, pad_edge=False)
    table.add_column("example", justify="right")
    table.add_column("class")
    what = "probability" if found.probabilities else "score"
    columns = classes if found.scores.shape[-1] == len(classes) else ("",)
    for name in columns:
        table.add_column(f"{what} {name}".strip(), justify="right")
    for i, (label, scores) in enumerate(zip(found.labels, found.scores, strict=True)):
        table.add_row(str(i), classes[label], *(f"{score:.4f}" for score in scores))
    return table
