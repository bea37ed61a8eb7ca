"""`fbp summary`."""

import json

from fbp.cli.main import main

ARGV = ["summary", "x.toml", "--model.widths", "7", "--train.batch-size", "4"]


def test_prints_a_row_per_layer_and_totals(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")  # nothing is cut, however narrow the terminal
    (tmp_path / "x.toml").touch()
    assert main(ARGV) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    found = {line[0]: line for line in lines if line}
    assert found["dense1"][1:6] == ["dense(7)", "(4,", "7)", "455", "1,024"]
    assert found["total"][1] == f"{455 + 7 * 10 + 10}"


def test_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").touch()
    assert main([*ARGV, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [layer["path"] for layer in found["layers"]] == [
        "flatten", "dense1", "activation1", "output",
    ]  # fmt: skip
    assert found["layers"][1]["parameters"] == 455
    assert found["total"]["parameters"] == 535
    assert found["total"].keys() == {"parameters", "residual_bytes", "forward", "jvp", "vjp"}
