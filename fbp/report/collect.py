"""From a run folder to what its report shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from fbp.data import Dataset
from fbp.lab.compare import compare
from fbp.objective import Batch
from fbp.proof.audit import audit
from fbp.report.classify import classify
from fbp.report.data import Classified, ReportData
from fbp.report.layers import layer_rows
from fbp.train.run_folder import (
    CONFIG,
    Run,
    RunFolder,
    load_run,
    read_environment,
    read_metrics,
)

AUDIT_EXAMPLES = 16  # of the training split: enough for every rule, few enough to be quick
COST_FLOPS = 10**9  # about 0.1 s: what one evaluation of a mode may take before compare scales


def collect(run_dir: Path) -> ReportData:
    """Reads the run, classifies its test split, audits its gradient and times the modes.

    Raises RunFolderError or CheckpointError for a folder that is damaged, or holds no finished
    epoch.
    """
    run = load_run(run_dir)
    folder = RunFolder(run_dir)
    events = read_metrics(folder)
    environment = read_environment(folder)
    batch = Batch(*(jnp.asarray(a[:AUDIT_EXAMPLES]) for a in run.dataset.train))
    with jax.enable_x64(run.config.train.param_dtype == "float64"):
        classified = _classified(run)
        layers = layer_rows(run.net, run.params, run.state, batch.inputs)
    return ReportData(
        name=run_dir.resolve().name,
        config=folder.config.read_text("utf-8"),
        mode=run.config.gradient.mode,
        monitor=run.config.train.monitor,
        dataset=_facts(run.dataset),
        classes=run.dataset.classes,
        layers=tuple(layers),
        environment=_flat(environment),
        epochs=tuple(e for e in events if e["event"] == "epoch"),
        end=next((e for e in reversed(events) if e["event"] == "end"), {}),
        audit=tuple(audit(run.net, run.loss, run.params, run.state, batch)),
        classified=classified,
        costs=compare(run.config, run.dataset, flops_limit=COST_FLOPS).rows,
        commands=_commands(run_dir, environment),
    )


def _classified(run: Run) -> Classified | None:
    for name in ("test", "validation"):
        split = getattr(run.dataset, name)
        if split is not None:
            classes = len(run.dataset.classes)
            return classify(run.net, run.loss, run.params, run.state, split, name, classes)
    return None


def _facts(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    splits = {s: getattr(dataset, s) for s in ("train", "validation", "test")}
    sizes = [(f"{s} examples", str(len(v.targets))) for s, v in splits.items() if v is not None]
    shape = " × ".join(map(str, dataset.train.inputs.shape[1:]))
    return (
        ("name", dataset.name),
        *sizes,
        ("input", shape),
        (
            "classes",
            ", ".join(dataset.classes) if len(dataset.classes) <= 20 else str(len(dataset.classes)),
        ),
    )


def _flat(environment: Mapping[str, Any]) -> dict[str, str]:
    """Everything but the command, which stands elsewhere; packages on lines of their own."""
    packages = {k: str(v) for k, v in environment["packages"].items()}
    rest = {
        k.replace("_", " "): ", ".join(map(str, v)) if isinstance(v, list) else str(v)
        for k, v in environment.items()
        if k not in ("packages", "command") and v
    }
    return {**rest, **packages}


def _commands(run_dir: Path, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """What gives these numbers again, from the project's folder."""
    commit = str(environment.get("git_commit") or "")
    pins = [f"{k}=={v}" for k, v in environment["packages"].items() if v and k != "fbp-jax"]
    config = run_dir / CONFIG
    return (
        *([f"git checkout {commit.removesuffix('-dirty')}"] if commit else []),
        *(["# and the changes that were not committed"] if commit.endswith("-dirty") else []),
        f"python -m pip install . {' '.join(pins)}",
        f"fbp train {config}",
        f"fbp check {config}",
        f"fbp compare {config}",
    )
