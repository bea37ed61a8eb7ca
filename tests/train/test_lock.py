"""Two processes never train one run."""

import errno
import fcntl
import signal
import subprocess
import sys

import pytest

from fbp.config import to_toml
from fbp.config.schema import Config
from fbp.train.lock import at_work
from fbp.train.run import train
from fbp.train.run_folder import RunFolder, RunFolderError, create

HOLD = """
import sys
from pathlib import Path
from fbp.train.lock import at_work
from fbp.train.run_folder import RunFolder

with at_work(RunFolder(Path(sys.argv[1]))):
    print("at work", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def another_process(tmp_path, small_run):
    """A process at work in tmp_path/run, a folder that no training has begun in."""
    create(tmp_path / "run", small_run())
    command = [sys.executable, "-c", HOLD, tmp_path / "run"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        yield process
        process.kill()


def test_a_run_at_work_is_refused_until_its_process_ends(tmp_path, small_run, another_process):
    with pytest.raises(RunFolderError, match="run is being trained by another process"):
        train(small_run(), tmp_path / "run", resume=True)
    another_process.send_signal(signal.SIGKILL)
    another_process.wait()
    assert train(small_run(), tmp_path / "run", resume=True).reason == "all epochs done"


def test_what_is_refused_changes_nothing(tmp_path):
    folder = create(tmp_path / "run", Config())
    folder.metrics.write_text("{}\n")
    with at_work(folder), pytest.raises(RunFolderError), at_work(folder):
        pass
    assert folder.metrics.read_text() == "{}\n"
    assert folder.config.read_text() == to_toml(Config())


def test_a_file_system_without_locks_serves(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with at_work(create(tmp_path / "run", Config())):
        pass


def test_metrics_that_are_gone_are_one_clear_line(tmp_path):
    with (
        pytest.raises(RunFolderError, match=r"cannot write .*metrics\.jsonl: No such file"),
        at_work(RunFolder(tmp_path)),
    ):
        pass
