"""kill -9 at several moments of a run, and what a resumed run makes of it."""

import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from fbp.config import to_toml
from fbp.train.run import train
from fbp.train.run_folder import RunFolder, load_run, read_metrics

SCRIPT = Path(__file__).with_name("killed_run.py")
TEMPORARY = r"\.orbax-checkpoint-tmp"


@pytest.fixture(scope="module")
def config(small_run):
    return small_run(epochs=3, keep_checkpoints=1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, config):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(config, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("step 30", [19]),  # in the middle of an epoch
        (r"os.rename .*/19" + TEMPORARY + "$", []),  # no checkpoint has ever been complete
        (r"os.mkdir .*/38" + TEMPORARY + "$", [19]),  # nothing of the second is written yet,
        (r"open .*/38" + TEMPORARY + "/tally.*/metadata", [19]),  # a part of it,
        (r"os.rename .*/38" + TEMPORARY + "/state", [19]),  # all of its arrays,
        (r"os.rename .*/38" + TEMPORARY + "$", [19]),  # everything, under a temporary name
        (r"os.rmdir .*/checkpoints/19$", [38]),  # the one before is being deleted
    ],
)
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, config, whole, moment, left):
    toml, folder = tmp_path / "config.toml", tmp_path / "run"
    toml.write_text(to_toml(config))
    killed = subprocess.run(
        [sys.executable, SCRIPT, toml, folder, moment], capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    steps = sorted(int(p.name) for p in (folder / "checkpoints").iterdir() if p.name.isdigit())
    assert steps[-1:] == left
    summary = train(config, folder, resume=True)
    assert summary.steps == 57
    found, expected = load_run(folder), load_run(whole)
    jax.tree.map(np.testing.assert_array_equal, found.params, expected.params)
    events, uninterrupted = (read_metrics(RunFolder(f)) for f in (folder, whole))
    assert [e["train_loss"] for e in events] == [e["train_loss"] for e in uninterrupted]
    assert events[-1]["test_accuracy"] == uninterrupted[-1]["test_accuracy"]
    # Nothing temporary is left behind.
    assert not list((folder / "checkpoints").glob("*tmp*"))
