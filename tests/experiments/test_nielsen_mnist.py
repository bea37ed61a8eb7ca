"""The experiment runs from a user's command line and leaves its table, picture and numbers."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow  # unpacks MNIST in a process of its own
def test_smoke(data_folder, tmp_path):
    command = [sys.executable, "experiments/nielsen_mnist.py", "--smoke", "--seeds", "2"]
    command += ["--only", "ch1-30", "ch3-30-large-init", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "run",
        "ch1-30",
        "ch3-30-large-init",
    ]
    results = json.loads((tmp_path / "results.json").read_text())
    for name, book in (("ch1-30", 95.42), ("ch3-30-large-init", 96.0)):
        assert results[name]["best"] == book
        (first,), (second,) = results[name]["accuracy"]
        assert 10 < first != second > 10  # two seeds, both better than chance after 50 steps
    assert (tmp_path / "curves.png").stat().st_size > 10_000
