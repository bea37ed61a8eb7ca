"""`fbp train` from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fbp.cli.train
from fbp.cli.main import main
from fbp.train.run import Summary
from fbp.train.run_folder import RunFolder, read_metrics

CONFIG = """
[model]
name = "mlp"
widths = [8]

[train]
epochs = 2
batch_size = 64
"""
DIGITS = Path(__file__).parents[2] / "configs" / "digits_mlp.toml"


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(CONFIG)
    return "small.toml"


@pytest.mark.slow
def test_json_is_the_last_line_and_all_of_it(config, capsys):
    assert main(["train", config, "--json", "--quiet", "--train.epochs", "1"]) == 0
    out, err = capsys.readouterr()
    (line,) = out.splitlines()
    found = json.loads(line)
    assert list(found) == [
        "run", "steps", "seconds", "train_loss", "test_loss", "test_accuracy",
    ]  # fmt: skip
    assert found["run"] == "runs/small-1"
    assert found["steps"] == 19
    assert err == ""
    assert Path("runs/small-1/report.html").is_file()


def brief_report(folder):
    """In place of the whole one, for which modes are timed."""
    path = folder / "report.html"
    path.write_text("a report")
    return path


def test_people_get_progress_audit_result_and_report(config, capsys, monkeypatch):
    monkeypatch.setattr(fbp.cli.train, "write_report", brief_report)
    assert main(["train", config, "--run", "here"]) == 0
    out, err = capsys.readouterr()
    assert "digits: mlp, softmax_cross_entropy, backprop, sgd, 2 epochs" in err
    assert "epoch 2  step 38" in err
    assert "all epochs done: 38 steps" in out
    assert "dense1/weight" in out
    assert out.splitlines()[-1] == "report: here/report.html"
    assert main(["train", "--resume", "here"]) == 2
    assert "here is finished after 38 steps" in capsys.readouterr().err

    # As a kill leaves it between the last step and the report.
    Path("here/report.html").unlink()
    metrics = Path("here/metrics.jsonl").read_text()
    assert main(["train", "small.toml", "--train.epochs", "3", "--resume", "here"]) == 2
    assert "here was trained with train.epochs = 2, not 3" in capsys.readouterr().err
    assert main(["train", "--resume", "here"]) == 0
    again, err = capsys.readouterr()
    assert (again, "epoch 2" in err) == (out, False)
    assert Path("here/report.html").is_file()
    assert Path("here/metrics.jsonl").read_text() == metrics


def test_json_has_null_for_what_is_not_finite(config, capsys, monkeypatch):
    summary = Summary("here", "all epochs done", 38, 1.5, 0.25, float("inf"), float("nan"))
    monkeypatch.setattr(fbp.cli.train, "train", lambda *_, **__: summary)
    monkeypatch.setattr(fbp.cli.train, "_audit", lambda folder, show: True)
    monkeypatch.setattr(fbp.cli.train, "write_report", lambda folder: folder / "report.html")
    assert main(["train", config, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["train_loss"], found["test_loss"], found["test_accuracy"]) == (0.25, None, None)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "CONFIG is missing"),
        (["--resume", "nowhere"], "nowhere is no run folder"),
        (["small.toml", "--resume", "a", "--run", "b"], "leave --run out"),
        (["small.toml", "--run", "."], ". already exists"),
        (["missing.toml"], "missing.toml"),
        (["small.toml", "--train.batch-size", "5000"], "batch_size = 5000 is larger"),
        (["small.toml", "--optimizer.learning-rate", "1e38", "--quiet"], "step "),
    ],
)
def test_mistakes_are_one_line(config, capsys, argv, message):
    code = main(["train", *argv])
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("fbp: ")
    assert message in line
    assert code == (1 if "1e38" in argv else 2)


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(config):
    command = [sys.executable, "-m", "fbp", "train", config, "--train.epochs", "100000"]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stderr:
            if line.startswith("epoch 2 "):
                process.send_signal(signal.SIGINT)
                break
        *_, last = process.stderr.read().splitlines()
    assert process.returncode == 130
    assert last.startswith("interrupted after step ")
    assert last.endswith("continue with: fbp train --resume runs/small-1")
    step = int(last.split(",")[0].split()[-1])
    assert Path(f"runs/small-1/checkpoints/{step}").is_dir()
    assert all(e["event"] == "epoch" for e in read_metrics(RunFolder(Path("runs/small-1"))))


@pytest.mark.slow
def test_digits_mlp_reaches_97_percent_and_autodiff_has_the_same_curve(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    curves = []
    for mode in ("backprop", "autodiff"):
        argv = ["train", str(DIGITS), "--json", "--run", mode, "--gradient.mode", mode]
        assert main(argv) == 0
        assert json.loads(capsys.readouterr().out)["test_accuracy"] >= 0.97
        events = read_metrics(RunFolder(Path(mode)))
        curves.append([e["train_loss"] for e in events if e["event"] == "epoch"])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)
