"""Whole runs in this process. What a kill does to one is in test_resume.py."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp import Context, build
from fbp.config.schema import Autodiff, Sgd
from fbp.data import DataError
from fbp.errors import FbpError
from fbp.layer import stateless
from fbp.train.progress import SILENT
from fbp.train.run import INTERRUPTED, NonFiniteError, finished, train
from fbp.train.run_folder import RunFolder, RunFolderError, load_run, read_metrics

TIMES = ("seconds", "steps_per_second")


def params_of(folder):
    return load_run(folder).params


def assert_same(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def epochs_of(folder):
    """The epochs' events without what a clock measured."""
    events = [e for e in read_metrics(RunFolder(folder)) if e["event"] == "epoch"]
    return [{k: v for k, v in e.items() if k not in TIMES} for e in events]


def stopping(at_step):
    """A display that asks to stop, as Ctrl-C does, once a run has come to this step."""

    def dispatched(position):
        if position.step >= at_step:
            signal.raise_signal(signal.SIGINT)

    return SILENT._replace(dispatched=dispatched)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, small_run):
    """(folder, summary) of an uninterrupted run of three epochs."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return folder, train(small_run(epochs=3), folder)


def test_digits_are_learned_and_recorded(whole):
    folder, summary = whole
    assert summary.reason == "all epochs done"
    assert summary.steps == 3 * 19
    assert summary.test_accuracy > 0.85
    *epochs, end = read_metrics(RunFolder(folder))
    assert [e["epoch"] for e in epochs] == [1, 2, 3]
    assert end["test_accuracy"] == summary.test_accuracy
    assert end["reason"] == summary.reason
    losses = [e["train_loss"] for e in epochs]
    assert losses == sorted(losses, reverse=True)
    # A mean over one epoch's batches lies between what validation finds before and after it.
    assert epochs[1]["validation_loss"] > losses[2] > epochs[2]["validation_loss"]
    assert end["train_loss"] == losses[-1] == summary.train_loss
    last = epochs[-1]
    assert {"validation_loss", "validation_accuracy", "train_accuracy", *TIMES} <= set(last)
    assert last["learning_rate"] == pytest.approx(1e-2)
    assert set(last["norms"]["dense1"]) == {"activation", "cotangent", "gradient", "parameter"}


def test_the_loaded_run_is_the_trained_one(whole):
    folder, summary = whole
    run = load_run(folder)
    inputs, ctx = jnp.asarray(run.dataset.test.inputs), Context(train=False)
    outputs = run.net.forward(run.params, run.state, inputs, ctx)[0]
    accuracy = np.mean(run.loss.classes(outputs) == run.dataset.test.targets)
    assert accuracy == pytest.approx(summary.test_accuracy)


def test_a_finished_run_says_so(whole, small_run):
    folder, _ = whole
    with pytest.raises(FbpError, match="is finished after 57 steps"):
        train(small_run(epochs=3), folder, resume=True)
    with pytest.raises(RunFolderError, match="already exists"):
        train(small_run(epochs=3), folder)
    with pytest.raises(RunFolderError, match=r"with train\.epochs = 3, not 4"):
        train(small_run(epochs=4), folder, resume=True)


def test_a_crash_before_the_end_is_written_loses_nothing(tmp_path, whole, small_run):
    folder = tmp_path / "run"
    shutil.copytree(whole[0], folder)
    metrics = folder / "metrics.jsonl"
    *epochs, _ = metrics.read_text().splitlines(keepends=True)
    metrics.write_text("".join(epochs))
    assert finished(RunFolder(folder)) is None
    resumed = train(small_run(epochs=3), folder, resume=True)
    assert resumed._replace(run=whole[1].run) == whole[1]
    assert finished(RunFolder(folder)) == resumed
    assert metrics.read_text().startswith("".join(epochs))


@pytest.mark.parametrize("step", [1, 30])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, whole, small_run, step):
    config = small_run(epochs=3)
    stopped = train(config, tmp_path / "run", display=stopping(step))
    assert stopped.reason == INTERRUPTED
    assert step <= stopped.steps < step + 4
    assert stopped.test_accuracy is None
    resumed = train(config, tmp_path / "run", resume=True)
    assert resumed.steps == 57
    assert_same(params_of(tmp_path / "run"), params_of(whole[0]))
    assert epochs_of(tmp_path / "run") == epochs_of(whole[0])


def test_a_crash_before_a_checkpoint_loses_only_what_comes_again(tmp_path, whole, small_run):
    """An exception between the second epoch's line in metrics.jsonl and its checkpoint."""

    def epoch(event):
        if event["epoch"] == 2:
            raise RuntimeError("a crash")

    config = small_run(epochs=3)
    with pytest.raises(RuntimeError, match="a crash"):
        train(config, tmp_path / "run", display=SILENT._replace(epoch=epoch))
    assert len(epochs_of(tmp_path / "run")) == 2
    train(config, tmp_path / "run", resume=True)
    assert_same(params_of(tmp_path / "run"), params_of(whole[0]))
    assert epochs_of(tmp_path / "run") == epochs_of(whole[0])


def test_streamed_data_train_the_same_parameters_interrupted_or_not(tmp_path, whole, small_run):
    config = small_run(epochs=3, in_memory=False)
    train(config, tmp_path / "run", display=stopping(25))
    train(config, tmp_path / "run", resume=True)
    assert_same(params_of(tmp_path / "run"), params_of(whole[0]))


def test_a_fused_update_has_the_same_loss_curve_interrupted_or_not(tmp_path, whole, small_run):
    config = small_run(epochs=3, fuse_update=True)
    train(config, tmp_path / "fused")
    train(config, tmp_path / "run", display=stopping(25))
    train(config, tmp_path / "run", resume=True)
    assert_same(params_of(tmp_path / "run"), params_of(tmp_path / "fused"))
    found, expected = (
        [e["train_loss"] for e in epochs_of(folder)] for folder in (tmp_path / "fused", whole[0])
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_autodiff_has_the_same_loss_curve(tmp_path, whole, small_run):
    train(replace(small_run(epochs=3), gradient=Autodiff()), tmp_path / "run")
    by_hand, by_jax = (
        [(e["train_loss"], e["validation_loss"]) for e in epochs_of(folder)]
        for folder in (whole[0], tmp_path / "run")
    )
    np.testing.assert_allclose(by_hand, by_jax, rtol=1e-5)


def test_float64_is_float64_throughout(tmp_path, small_run):
    config = small_run(epochs=1, param_dtype="float64", compute_dtype="float64", average_decay=0.9)
    summary = train(config, tmp_path / "run")
    assert summary.test_accuracy > 0.2
    params = params_of(tmp_path / "run")
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} == {"float64"}


def test_no_better_validation_stops_early(tmp_path, small_run):
    config = replace(small_run(epochs=50, patience=2), optimizer=Sgd(learning_rate=0.0))
    summary = train(config, tmp_path / "run")
    assert summary.steps == 3 * 19
    assert summary.reason.startswith("stopped early: validation accuracy no better than 0.")
    with pytest.raises(FbpError, match="is finished"):
        train(config, tmp_path / "run", resume=True)


def nan_maker(backward: bool):
    """The identity, until an input is large: then NaN, forward or backward."""

    def spoil(x, y):
        return jnp.where(jnp.max(jnp.abs(x)) > LARGE, jnp.nan, y)

    def forward(params, x):
        return (x if backward else spoil(x, x)), x

    def vjp(params, x, dy):
        return (), (spoil(x, dy) if backward else dy)

    return stateless("nan_maker", lambda key, x: (), forward, None, vjp)


LARGE = 2.0  # reached within the second epoch


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_what_is_not_finite_stops_the_run_at_its_last_good_state(
    tmp_path, small_run, monkeypatch, way
):
    monkeypatch.setattr(build.layers, "relu", lambda: nan_maker(way == "backward"))
    config = small_run(epochs=5)
    message = rf"step \d+: .* layer activation1 in its {way} pass; .* is saved in"
    with pytest.raises(NonFiniteError, match=message) as first:
        train(config, tmp_path / "run")
    *_, end = read_metrics(RunFolder(tmp_path / "run"))
    assert end["event"] == "end"
    assert not end["finished"]
    assert f"step {end['step']}:" in str(first.value)
    finite = [np.isfinite(leaf).all() for leaf in jax.tree.leaves(params_of(tmp_path / "run"))]
    assert all(finite)
    with pytest.raises(NonFiniteError) as again:
        train(config, tmp_path / "run", resume=True)
    assert str(again.value) == str(first.value)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"batch_size": 2000}, DataError, "batch_size = 2000 is larger than the data"),
        ({"patience": 1}, FbpError, "patience watches the validation split, but"),
    ],
)
def test_what_cannot_be_trained_leaves_no_folder(tmp_path, small_run, settings, error, message):
    config = small_run(**settings)
    config = replace(config, data=replace(config.data, validation_fraction=0.0))
    with pytest.raises(error, match=message):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
