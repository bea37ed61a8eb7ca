from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from fbp.lab import timing

SCRIPT = Path(__file__).parents[2] / "experiments" / "forward_vs_reverse.py"


def test_smoke(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)
    spec = importlib.util.spec_from_file_location("forward_vs_reverse", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(batch_size=4, out=tmp_path / "results", smoke=True)
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("parameters", "jacfwd", "quartiles"))
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert {name: len(rows) for name, rows in results.items()} == {
        "gradient": 1,
        "by_outputs": 2,
        "by_inputs": 2,
        "cheap": 1,
    }
    for name in ("gradient", "jacobian", "cheap"):
        assert (tmp_path / "results" / f"{name}.png").stat().st_size > 10_000
