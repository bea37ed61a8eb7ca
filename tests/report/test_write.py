"""From a trained run's folder to the file."""

import dataclasses
import re

import pytest

from fbp.config.schema import Config, Digits, Mlp, Train
from fbp.lab.compare import Comparison, Row
from fbp.report import write_report
from fbp.train.run import train
from fbp.train.run_folder import RunFolderError


@pytest.fixture
def without_timing(monkeypatch):
    """The modes' costs made up: measuring them takes seconds."""
    rows = (Row("backprop", 2, 1.0, 1e-7, 1.5, 1.4, 1.6, 1000, 100),)
    monkeypatch.setattr(
        "fbp.report.collect.compare", lambda *_, **__: Comparison(1, 1, 1.0, 1, 1, rows)
    )


def test_the_report_of_a_run_has_its_numbers(tmp_path, without_timing):
    config = Config(model=Mlp(widths=(5,)), train=Train(epochs=1))
    summary = train(config, tmp_path / "run")
    path = write_report(tmp_path / "run")
    page = path.read_text()
    assert path == tmp_path / "run" / "report.html"
    assert f"{100 * summary.test_accuracy:.2f}&#8239;%" in page
    assert "<td>dense1</td>" in page
    assert "widths = [5]" in page
    assert "The gradient is right" in page
    assert f"fbp train {tmp_path / 'run' / 'config.toml'}" in page
    environment = tmp_path / "run" / "environment.json"
    known = environment.read_text()
    environment.write_text(known[: len(known) // 2])
    with pytest.raises(RunFolderError, match=r"environment\.json is damaged"):
        write_report(tmp_path / "run")
    assert path.read_text() == page
    # the matrix's caption and the headline count the same test examples
    right, total = map(int, re.search(r"; (\d+) of (\d+) on the diagonal", page).groups())
    assert right / total == pytest.approx(summary.test_accuracy, abs=1e-6)


def test_a_run_without_test_and_validation_split_has_a_report(tmp_path, without_timing):
    data = Digits(validation_fraction=0.0, test_fraction=0.0)
    config = Config(data=data, model=Mlp(widths=(3,)), train=Train(epochs=1))
    config = dataclasses.replace(config, train=dataclasses.replace(config.train, batch_size=600))
    train(config, tmp_path / "run")
    assert "split</h2>" not in write_report(tmp_path / "run").read_text()


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(RunFolderError, match="is no run folder"):
        write_report(tmp_path)
