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
    (saved,) = found["memory"]["saves"]
    assert saved["save"] == "all"
    assert saved["kept"] >= found["total"]["residual_bytes"]  # the loss keeps something, too
    assert found["memory"]["measured"] > 0
    assert found["total"].keys() == {"parameters", "residual_bytes", "forward", "jvp", "vjp"}


def test_memory_of_every_mode_the_configured_one_first_and_measured(tmp_path, capsys):
    (tmp_path / "text.txt").write_text("what is kept, and what is made again. " * 40)
    config = tmp_path / "x.toml"
    config.write_text(
        f'[data]\nname = "text"\npath = "{tmp_path / "text.txt"}"\nlength = 16\n'
        '[model]\nname = "gpt"\ndepth = 6\nfeatures = 8\nheads = 2\nsave = "inputs"\n'
        "[train]\nbatch_size = 2\n"
    )
    assert main(["summary", str(config), "--json"]) == 0
    memory = json.loads(capsys.readouterr().out)["memory"]
    saved = {row["save"]: row for row in memory["saves"]}
    assert list(saved) == ["inputs", "all", "every_k, every 2", "reversible"]
    x = 2 * 16 * 8 * 4  # the stream: batch, length, features, float32
    key = 8  # each application's, for the second forward
    block = saved["inputs"]["recomputed"]
    rest = saved["all"]["kept"] - 6 * block
    assert saved["inputs"]["kept"] == rest + 6 * (x + key)
    assert saved["every_k, every 2"]["kept"] == rest + 3 * x + 6 * key
    assert saved["every_k, every 2"]["recomputed"] == block + 2 * (x + key)
    assert saved["reversible"]["kept"] == rest + 2 * x + 6 * key
    assert memory["measured"] >= saved["inputs"]["kept"] / 2
