import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fbp import serial, supervised
from fbp.layers import dense
from fbp.losses import quadratic
from fbp.train.checkpoint import CheckpointError, Checkpoints
from fbp.train.state import init_train_state
from fbp.train.tally import Tally

SPEC = jax.ShapeDtypeStruct((2, 5), jnp.float32)
TALLY = Tally(best=0.5, waited=1, seconds=2.0, metrics_bytes=7, epoch_sums={"loss": 0.1})


def state(width=3, step=4, optimizer=optax.adam):
    objective = supervised(serial(hidden=dense(width)), quadratic())
    start = init_train_state(objective, optimizer(0.1), jax.random.key(1), SPEC, average=True)
    return start._replace(step=jnp.int32(step))


@pytest.fixture
def saved(tmp_path):
    with Checkpoints(tmp_path / "c", keep=2) as checkpoints:
        for step in (4, 5, 6):
            checkpoints.save(state(step=step), TALLY)
    return tmp_path / "c"


def test_what_was_saved_comes_back_in_a_new_process_too(saved):
    """A manager that has not saved itself knows nothing but the files."""
    with Checkpoints(saved, keep=2) as checkpoints:
        restored, tally = checkpoints.restore(state(step=0))
    assert tally == TALLY
    expected = state(step=6)
    assert jax.tree.structure(restored) == jax.tree.structure(expected)

    def same(a, b):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)

    jax.tree.map(same, restored._replace(key=None), expected._replace(key=None))
    assert jax.random.bits(restored.key) == jax.random.bits(expected.key)


def test_the_newest_are_kept(saved):
    assert sorted(p.name for p in saved.iterdir()) == ["5", "6"]


def test_a_step_is_saved_once(saved):
    with Checkpoints(saved, keep=2) as checkpoints:
        checkpoints.save(state(step=6), Tally())
        assert checkpoints.restore(state())[1] == TALLY


@pytest.mark.parametrize(
    ("other", "leaf"),
    [
        (
            lambda: state(width=4),
            "average.hidden.bias is float32[3] there and float32[4] here",
        ),
        (lambda: state(optimizer=optax.sgd), "is int32[] there and absent here"),
    ],
)
def test_another_model_is_told_by_its_first_leaf(saved, other, leaf):
    with Checkpoints(saved) as checkpoints, pytest.raises(CheckpointError) as caught:
        checkpoints.restore(other())
    assert leaf in str(caught.value)


def test_none_is_an_error(tmp_path):
    with Checkpoints(tmp_path / "c") as checkpoints:
        assert checkpoints.latest() is None
        with pytest.raises(CheckpointError, match="no complete checkpoint"):
            checkpoints.restore(state())
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_damage_is_one_clear_line(saved, damage):
    for file in (saved / "6" / "state").rglob("*"):
        if damage == "missing" and file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        elif file.is_file() and file.stat().st_size > 8:
            file.write_bytes(file.read_bytes()[:8])
    with Checkpoints(saved) as checkpoints, pytest.raises(CheckpointError) as caught:
        checkpoints.restore(state())
    assert "6 is damaged (delete it to go back to the one before)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_looking_on_changes_nothing(saved):
    """What looks left behind may be what a run at work is writing."""
    unfinished = saved / "7.orbax-checkpoint-tmp"
    unfinished.mkdir()
    with Checkpoints(saved) as checkpoints:
        checkpoints.restore(state())
    assert sorted(p.name for p in saved.iterdir()) == ["5", "6", unfinished.name]


def test_an_unwritable_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot open"):
        Checkpoints(tmp_path / "file" / "c", keep=1)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_checkpoint import Checkpoints, CheckpointError, TALLY, state
with Checkpoints(Path({folder!r}), keep=2) as checkpoints:
    checkpoints.save(state(width=4096, step=4), TALLY)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        checkpoints.save(state(width=4096, step=5), TALLY)
    except CheckpointError as error:
        print(error)
"""


@pytest.mark.slow
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    """The operating system refuses to write more than 4 KiB into any file."""
    folder = tmp_path / "c"
    program = FULL_DISK.format(tests=str(__file__).rpartition("/")[0], folder=str(folder))
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "cannot save the checkpoint of step 5 (that of step 4 is intact)" in run.stdout
    assert "File too large" in run.stdout
    with Checkpoints(folder) as checkpoints:
        assert checkpoints.latest() == 4
        restored, _ = checkpoints.restore(state(width=4096))
    np.testing.assert_array_equal(
        restored.params["hidden"].weight, state(width=4096).params["hidden"].weight
    )
