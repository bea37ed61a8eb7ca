"""A whole training run: from a configuration to a run folder, with nothing lost on the way."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from fbp.config.schema import Config
from fbp.errors import FbpError
from fbp.layer import Context
from fbp.observe import look, summary
from fbp.train.blame import first_non_finite
from fbp.train.checkpoint import CheckpointError, Checkpoints
from fbp.train.dispatch import dispatch_length
from fbp.train.evaluate import make_evaluate
from fbp.train.interrupt import interruptible
from fbp.train.lock import at_work
from fbp.train.loop import batch_at, make_dispatch
from fbp.train.progress import SILENT, Display, Position
from fbp.train.run_folder import (
    MetricsWriter,
    RunFolder,
    create,
    open_existing,
    read_metrics,
    require_same_config,
)
from fbp.train.setup import Setup, set_up
from fbp.train.state import TrainState
from fbp.train.tally import Clock, Tally, add_steps, means, watch

INTERRUPTED = "interrupted"


class Summary(NamedTuple):
    """How a run ended. seconds: of training, over all resumptions. test_*: None without a test
    split, and for a run that was interrupted."""

    run: str
    reason: str
    steps: int
    seconds: float
    train_loss: float | None
    test_loss: float | None = None
    test_accuracy: float | None = None


class NonFiniteError(FbpError):
    """Training that stopped at a loss or a gradient that is not finite."""


def train(
    config: Config, run_dir: Path, *, resume: bool = False, display: Display = SILENT
) -> Summary:
    """Trains as configured, into `run_dir`; resume: from its newest checkpoint, bit for bit as if
    it had never stopped.

    Ctrl-C ends the run after the dispatch at hand, with a checkpoint. Raises NonFiniteError, with
    the last good state saved; CheckpointError where one cannot be written or read; RunFolderError;
    and what `set_up` raises.
    """
    with jax.enable_x64(config.train.param_dtype == "float64"):
        folder = _existing(run_dir, config) if resume else None
        setup = set_up(config)
        folder = folder or create(run_dir, config)  # not before all else is known to be right
        keep = config.train.keep_checkpoints
        with at_work(folder), Checkpoints(folder.checkpoints, keep) as checkpoints:
            train_state, tally = _start(setup, folder, checkpoints)
            with MetricsWriter(folder, tally.metrics_bytes) as metrics:
                run = _Run(setup, folder, checkpoints, metrics, display)
                return run.finish(*run.fit(train_state, tally))


def _existing(run_dir: Path, config: Config) -> RunFolder:
    folder, saved = open_existing(run_dir)
    require_same_config(folder, saved, config)
    summary = finished(folder)
    if summary is not None:
        raise FbpError(
            f"{run_dir} is finished after {summary.steps} steps ({summary.reason}): "
            "start a new run to train further"
        )
    return folder


def finished(folder: RunFolder) -> Summary | None:
    """How the run ended; None for one that can go on."""
    events = read_metrics(folder)
    if not events or events[-1]["event"] != "end" or not events[-1]["finished"]:
        return None
    end = events[-1]
    losses = (end.get(name) for name in ("train_loss", "test_loss", "test_accuracy"))
    return Summary(str(folder.path), end["reason"], end["step"], end.get("seconds", 0.0), *losses)


def _start(setup: Setup, folder: RunFolder, checkpoints: Checkpoints) -> tuple[TrainState, Tally]:
    """The newest checkpoint, or the beginning if there cannot be one yet."""
    if checkpoints.latest() is not None:
        return checkpoints.restore(setup.initial)
    if len(read_metrics(folder)) > setup.config.train.checkpoint_every:
        raise CheckpointError(f"{folder.checkpoints} holds no complete checkpoint any more")
    return setup.initial, Tally()


class _Run:
    """The pieces of one run that outlive a step."""

    def __init__(
        self,
        setup: Setup,
        folder: RunFolder,
        checkpoints: Checkpoints,
        metrics: MetricsWriter,
        display: Display,
    ):
        self.setup = setup
        self.options = setup.config.train
        self.folder = folder
        self.checkpoints = checkpoints
        self.metrics = metrics
        self.display = display
        self.look = jax.jit(partial(look, setup.net, setup.loss))
        self.validate = self._evaluate("validation")

    def fit(self, state: TrainState, tally: Tally) -> tuple[TrainState, Tally, str]:
        """Steps until there is a reason to stop; what it returns is saved."""
        setup, step = self.setup, int(state.step)
        dispatch = make_dispatch(setup, step)
        clock = Clock(tally.seconds)
        clock.lap(step)
        with interruptible() as interrupted:
            while (reason := self._reason_to_stop(step, tally)) is None:
                if interrupted():
                    reason = INTERRUPTED
                    break
                k = dispatch_length(step, setup.dispatch_steps, setup.steps_per_epoch)
                state, results = dispatch(state, step, k)
                results = jax.device_get(results)
                good = k if results.finite.all() else int(np.argmin(results.finite))
                tally = add_steps(tally, results, good)._replace(seconds=clock.seconds())
                if good < k:
                    self.checkpoints.save(state, tally)
                    raise self._non_finite(state, results.loss[good])
                step += k
                pace = clock.steps_per_second(step)
                self.display.dispatched(self._position(step, means(tally), pace))
                if step % setup.steps_per_epoch == 0:
                    tally = self._end_epoch(state, tally, pace)
                    clock.lap(step)
        self.checkpoints.save(state, tally)
        return state, tally, reason

    def finish(self, state: TrainState, tally: Tally, reason: str) -> Summary:
        """Evaluates on the test split, and closes the record."""
        epochs = [e for e in read_metrics(self.folder) if e["event"] == "epoch"]
        found: dict[str, Any] = {
            "reason": reason,
            "step": int(state.step),
            "seconds": tally.seconds,
            "train_loss": epochs[-1]["train_loss"] if epochs else None,
        }
        evaluate = self._evaluate("test")
        if reason != INTERRUPTED:
            if evaluate is not None:
                found |= {f"test_{name}": value for name, value in evaluate(state).items()}
            self.metrics.write({"event": "end", "finished": True, **found})
        steps = found.pop("step")
        return Summary(run=str(self.folder.path), steps=steps, **found)

    def _evaluate(self, name: str):
        split = getattr(self.setup.dataset, name)
        if split is None:
            return None
        return make_evaluate(
            self.setup.objective,
            split,
            batch_size=self.options.batch_size,
            dtype=self.options.param_dtype,
            in_memory=self.setup.in_memory,
        )

    def _reason_to_stop(self, step: int, tally: Tally) -> str | None:
        patience = self.options.patience
        if patience is not None and tally.waited >= patience:
            return (
                f"stopped early: validation {self.options.monitor} no better than "
                f"{tally.best:.4g} for {patience} epochs"
            )
        return "all epochs done" if step >= self.setup.steps else None

    def _end_epoch(self, state: TrainState, tally: Tally, pace: float) -> Tally:
        """Writes the epoch's event; saves a checkpoint where one is due."""
        step = int(state.step)
        epoch = step // self.setup.steps_per_epoch
        event = {
            "event": "epoch",
            "step": step,
            "epoch": epoch,
            "seconds": tally.seconds,
            "learning_rate": float(self.setup.learning_rate((step - 1) // self.options.accumulate)),
            "steps_per_second": pace,
            **{f"train_{name}": mean for name, mean in means(tally).items()},
        }
        if self.validate is not None:
            validation = self.validate(state)
            event |= {f"validation_{name}": value for name, value in validation.items()}
            monitor = self.options.monitor
            tally = watch(tally, validation[monitor], smaller_is_better=monitor == "loss")
        event["norms"] = summary(jax.device_get(self._look(state)))
        self.metrics.write(event)
        self.display.epoch(event)
        tally = tally._replace(metrics_bytes=self.metrics.bytes(), epoch_sums={})
        if epoch % self.options.checkpoint_every == 0:
            self.checkpoints.save(state, tally)
        return tally

    def _look(self, state: TrainState):
        """A forward and a backward pass, observed, on the batch of the step to come."""
        step = int(state.step)
        ctx = Context(jax.random.fold_in(state.key, step), train=True)
        return self.look(state.params, state.state, batch_at(self.setup, step), ctx)

    def _non_finite(self, state: TrainState, loss: float) -> NonFiniteError:
        blame = first_non_finite(self.setup.net, self._look(state))
        if blame is None:
            mode = self.setup.config.gradient.mode
            blame = f"the hand-written rules stay finite; mode {mode} does not"
        step = int(state.step)
        what = "the gradient is not finite" if math.isfinite(loss) else f"the loss is {loss:g}"
        reason = f"step {step}: {what}; {blame}"
        self.metrics.write({"event": "end", "finished": False, "step": step, "reason": reason})
        saved = "the state before it"
        if self.options.fuse_update and math.isfinite(loss):
            saved = "the state before it, but for layers updated before it was noticed,"
        return NonFiniteError(f"{reason}; {saved} is saved in {self.folder.path}")

    def _position(self, step: int, found: dict[str, float], pace: float) -> Position:
        epoch = math.ceil(step / self.setup.steps_per_epoch)
        return Position(step, self.setup.steps, epoch, self.options.epochs, found, pace)
