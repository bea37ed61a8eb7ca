"""`fbp compare` as a user runs it, on a tiny net."""

from __future__ import annotations

import json

import pytest

from fbp.cli import compare
from fbp.cli.main import main
from fbp.config.schema import Backprop
from fbp.gradients import MODES
from fbp.lab import compare as lab_compare
from fbp.lab import timing
from fbp.lab.compare import Comparison, Row
from fbp.lab.scaling import Cost
from fbp.lab.variants import variants

KEYS = {"cosine", "max_rel_error", "passes", "time_ratio", "flops", "temp_bytes"}


def costs(*methods):
    """What takes long to measure, made up."""
    return [Cost(n, dict.fromkeys(methods, n), dict.fromkeys(methods, 1e-3 * n)) for n in (4, 9)]


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A config of a net with one hidden unit, in a folder to work in."""
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text("[model]\nwidths = [1]\n[train]\nbatch_size = 4\n")
    return str(path)


@pytest.fixture
def quick(monkeypatch):
    """Two modes on the config's model; the sweeps over other nets are made up."""
    few = [v for v in variants(Backprop(), 85) if v.name in ("backprop", "spsa")]
    monkeypatch.setattr(lab_compare, "variants", lambda *_: few)
    monkeypatch.setattr(compare, "jacobian_costs", lambda shapes: costs("jacfwd", "jacrev"))
    methods = ("loss", "reverse", "forward", "numerical")
    monkeypatch.setattr(compare, "gradient_costs", lambda *_: costs(*methods))


def check_results(out, printed):
    """The last line printed is JSON, and the folder has it, the figures and the page."""
    found = json.loads(printed.splitlines()[-1])
    for mode in found["modes"].values():
        assert set(mode) >= KEYS
    assert found["modes"]["backprop"]["max_rel_error"] < 1e-5
    assert found["parameters"] == 64 + 1 + 10 + 10

    saved = json.loads((out / "compare.json").read_text())
    assert saved["modes"] == found["modes"]
    assert set(saved["costs"]) == {"gradient", "by_outputs", "by_inputs"}
    assert all((out / f"{name}.png").stat().st_size > 10_000 for name in compare.FIGURES)
    assert (out / "compare.html").read_text().count("<img") == len(compare.FIGURES)
    return found


def test_json_is_the_last_line_and_the_folder_has_everything(config, quick, tmp_path, capsys):
    assert main(["compare", config, "--json", "--loss.label-smoothing", "0.1"]) == 0
    check_results(tmp_path / "runs" / "compare-tiny", capsys.readouterr().out)


def test_without_json_a_table_and_where_the_page_is(config, quick, tmp_path, capsys, monkeypatch):
    row = Row("spsa", 2, 0.1, 3.0, 2.0, 1.9, 2.1, 300, 10)
    monkeypatch.setattr(compare, "compare", lambda *_: Comparison(85, 4, 1e-5, 100, 5, (row,)))
    assert main(["compare", config, "--out", str(tmp_path / "here")]) == 0
    printed = capsys.readouterr().out
    assert "spsa" in printed
    assert "the loss alone" in printed
    assert printed.splitlines()[-1] == f"written: {tmp_path / 'here' / 'compare.html'}"


@pytest.mark.slow
def test_in_full(config, tmp_path, capsys):
    assert main(["compare", config, "--json"]) == 0
    found = check_results(tmp_path / "runs" / "compare-tiny", capsys.readouterr().out)
    assert set(found["modes"]) == {*MODES, "finite_difference_one_sided"}


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
