"""`fbp bench` as a user runs it."""

import json
from pathlib import Path

import pytest

from fbp.cli.main import main
from fbp.lab import timing

CASE = """
[bench]
kind = "per_example"
inputs = [8]
classes = 4
goals = { autodiff = 0.01 }

[model]
name = "mlp"
widths = [64]
"""


@pytest.fixture(autouse=True)
def _in_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    folder = Path("configs/bench")
    folder.mkdir(parents=True)
    (folder / "small.toml").write_text(CASE)


def test_a_case_in_a_table_a_file_and_a_picture(capsys):
    assert main(["bench", "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "autodiff / fbp" in printed
    case = json.loads(Path("runs/bench/bench.json").read_text())["cases"]["small"]
    assert set(case["ms"]) == {"fbp", "autodiff"}
    assert [goal["met"] for goal in case["goals"]] == [True]
    assert case["temp_bytes"]["fbp"] < case["temp_bytes"]["autodiff"]
    assert Path("runs/bench/bench.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_one_object(capsys):
    assert main(["bench", "small", "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cases"]["small"]["ratio"]["autodiff"] > 0
    assert found["machine"]["cores"] >= 1


def test_a_mistyped_case(capsys):
    assert main(["bench", "smal"]) == 2
    error = capsys.readouterr().err
    assert error == "fbp: there is no case 'smal'; did you mean small?\n"


def test_outside_a_checkout(monkeypatch, capsys):
    monkeypatch.chdir("configs")
    assert main(["bench"]) == 2
    assert "run fbp bench in a checkout of fbp" in capsys.readouterr().err


def test_layers_take_no_case(capsys):
    assert main(["bench", "small", "--layers"]) == 2
    assert "give no CASE with it" in capsys.readouterr().err


def test_no_rounds(capsys):
    assert main(["bench", "--rounds", "0"]) == 2
    assert "--rounds must be at least 1" in capsys.readouterr().err
