"""`fbp compare` as a user runs it, on a tiny net."""

from __future__ import annotations

import json

import pytest

from fbp.cli import compare
from fbp.cli.main import main
from fbp.gradients import MODES
from fbp.lab.compare import Comparison, Row


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A config of a net with one hidden unit; what is compared beside it is small, too."""
    monkeypatch.setattr(compare, "WIDTHS", (1,))
    monkeypatch.setattr(compare, "SIZES", (2, 8))
    monkeypatch.setattr(compare, "FIXED", 4)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text("[model]\nwidths = [1]\n[train]\nbatch_size = 4\n")
    return str(path)


def test_json_is_the_last_line_and_the_folder_has_everything(config, tmp_path, capsys):
    assert main(["compare", config, "--json", "--loss.label-smoothing", "0.1"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found["modes"]) == {*MODES, "finite_difference_one_sided"}
    for mode in found["modes"].values():
        assert {"cosine", "max_rel_error", "passes", "time_ratio", "flops", "temp_bytes"} <= set(
            mode
        )
    assert found["modes"]["backprop"]["max_rel_error"] < 1e-5
    assert found["parameters"] == 64 + 1 + 10 + 10

    out = tmp_path / "runs" / "compare-tiny"
    saved = json.loads((out / "compare.json").read_text())
    assert saved["modes"] == found["modes"]
    assert {name: len(costs) for name, costs in saved["costs"].items()} == {
        "gradient": 1,
        "by_outputs": 2,
        "by_inputs": 2,
    }
    assert all((out / f"{name}.png").stat().st_size > 10_000 for name in compare.FIGURES)
    assert (out / "compare.html").read_text().count("<img") == len(compare.FIGURES)


def test_a_folder_that_cannot_be_written_is_one_line(config, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["compare", config, "--out", str(tmp_path / "file")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--out" in error


def test_no_json_for_what_json_cannot_say():
    row = Row("spsa", 2, cosine=float("nan"), max_rel_error=float("inf"))
    found = compare.as_json(Comparison(1, 1, 1e-3, 1, 1, (row,)))
    assert found["modes"]["spsa"]["cosine"] is None
    assert found["modes"]["spsa"]["max_rel_error"] is None
