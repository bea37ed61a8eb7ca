"""Checkpoints: the whole training state and the run's tally, saved as one or not at all.

Orbax writes into a temporary folder and renames it when all is on disk, so that a crash at any
moment leaves the checkpoints before it as they were.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from fbp.errors import FbpError
from fbp.train.state import TrainState
from fbp.train.tally import Tally

CAUSE_LENGTH = 160


class CheckpointError(FbpError):
    """A checkpoint that is missing, damaged, of another model, or cannot be written."""


class Checkpoints:
    """The newest `keep` checkpoints of a run, by step. Use as a context manager.

    keep: None to look on, beside a run that may be at work there: nothing is written or tidied up.
    """

    def __init__(self, folder: Path, keep: int | None = None):
        self.folder = folder.absolute()
        writes = keep is not None
        options = ocp.CheckpointManagerOptions(
            max_to_keep=keep,
            create=writes,
            cleanup_tmp_directories=writes,  # what a crash left behind
            enable_async_checkpointing=False,
        )
        with _as_checkpoint_error(f"cannot open {self.folder}"):
            handlers = {
                "state": ocp.StandardCheckpointHandler(),
                "tally": ocp.JsonCheckpointHandler(),
            }
            self._manager = ocp.CheckpointManager(
                self.folder, options=options, item_handlers=handlers
            )

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_) -> None:
        self._manager.close()

    def latest(self) -> int | None:
        """The step of the newest complete checkpoint."""
        return self._manager.latest_step()

    def save(self, train_state: TrainState, tally: Tally) -> None:
        """Saves under the state's step, once. Raises CheckpointError; earlier ones stay."""
        step, before = int(train_state.step), self.latest()
        if step == before:
            return
        kept = "there is none before it" if before is None else f"that of step {before} is intact"
        with _as_checkpoint_error(f"cannot save the checkpoint of step {step} ({kept})"):
            self._manager.save(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(_flat(train_state)),
                    tally=ocp.args.JsonSave(tally._asdict()),
                ),
            )

    def restore(self, like: TrainState) -> tuple[TrainState, Tally]:
        """The newest checkpoint, for a model whose state has the shapes of `like`.

        Raises CheckpointError without one, for a damaged one, and for another model's, naming the
        first leaf that differs.
        """
        step = self.latest()
        if step is None:
            raise CheckpointError(f"{self.folder} holds no complete checkpoint")
        where = self.folder / str(step)
        wanted = _flat(jax.eval_shape(lambda: like))
        with _as_checkpoint_error(f"{where} is damaged (delete it to go back to the one before)"):
            stored = self._manager.item_metadata(step).state.tree
            _require_same_leaves(where, stored, wanted)
            restored = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(wanted), tally=ocp.args.JsonRestore()
                ),
            )
        return _unflat(restored.state, like), Tally(**restored.tally)


def _flat(train_state: TrainState) -> dict[str, Any]:
    """Every leaf by its path, such as params.output.weight; the key as its integers."""
    leaves = jax.tree_util.tree_leaves_with_path(_key_as_data(train_state))
    return {jax.tree_util.keystr(p, simple=True, separator="."): leaf for p, leaf in leaves}


def _unflat(leaves: dict[str, Any], like: TrainState) -> TrainState:
    train_state = jax.tree.unflatten(jax.tree.structure(like), [leaves[k] for k in _flat(like)])
    return train_state._replace(key=jax.random.wrap_key_data(train_state.key))


def _key_as_data(train_state: TrainState) -> TrainState:
    key = train_state.key
    data = jax.eval_shape(jax.random.key_data, key) if _abstract(key) else jax.random.key_data(key)
    return train_state._replace(key=data)


def _abstract(x) -> bool:
    return isinstance(x, jax.ShapeDtypeStruct)


def _require_same_leaves(where: Path, stored: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name in sorted(stored.keys() | wanted.keys()):
        there, here = (_show(tree.get(name)) for tree in (stored, wanted))
        if there != here:
            raise CheckpointError(
                f"{where} is of another model: {name} is {there} there and {here} here"
            )


def _show(leaf: Any) -> str:
    if leaf is None:
        return "absent"
    return f"{np.dtype(leaf.dtype).name}[{', '.join(map(str, leaf.shape))}]"


@contextmanager
def _as_checkpoint_error(problem: str) -> Iterator[None]:
    """Whatever the file system or Orbax raises inside, as one line."""
    try:
        yield
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"{problem}: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    """What the operating system said, if it did: TensorStore puts its code among much else."""
    said = re.search(r"os_error_code='(\d+)'", str(error))
    if said:
        return os.strerror(int(said[1]))
    cause = " ".join(str(error).split()) or type(error).__name__
    return cause if len(cause) <= CAUSE_LENGTH else f"... {cause[-CAUSE_LENGTH:]}"
