"""Another framework in a process of its own, timed in turn with what runs in this one."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple, Self

import jax
import numpy as np

from fbp.errors import FbpError
from fbp.lab.bench.case import Case
from fbp.layer import PyTree
from fbp.objective import Batch
from fbp.pages import ENVIRONMENT

SCRIPTS = Path("experiments") / "peers"  # of the working folder
# After its last parallel loop, libgomp (PyTorch) spins for 4-9 ms of CPU time, and not after; XLA's
# and OpenBLAS's threads for less than 0.1 ms. Hence a pause: OMP_WAIT_POLICY=passive would make
# the peer itself slower (PyTorch's steps of mlp and gpt_char took 1.3 times as long).
SETTLE_SECONDS = 0.02
KINDS = ("gradient", "stepped")  # of arrays in a peer's answer
# How the libraries that peers rest upon are told their number of threads.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")


class Script(NamedTuple):
    """A file in SCRIPTS, which of its variants, and what it imports."""

    file: str
    module: str
    variant: str | None = None


PEERS = {
    "torch_eager": Script("torch_peer.py", "torch", "eager"),
    "torch_compile": Script("torch_peer.py", "torch", "compile"),
    "flax": Script("flax_peer.py", "flax"),
    "equinox": Script("equinox_peer.py", "equinox"),
    "numpy": Script("numpy_peer.py", "numpy", "batch"),
    "numpy_per_example": Script("numpy_peer.py", "numpy", "per_example"),
}


class PeerError(FbpError):
    """A peer that is unknown, cannot start, or stopped."""


def available(name: str) -> str | None:
    """Why the peer cannot run here, or None if it can. Raises PeerError for an unknown one."""
    script = _script(name)
    if not (SCRIPTS / script.file).exists():
        return f"{SCRIPTS / script.file} is not here: run from the project's folder"
    if importlib.util.find_spec(script.module) is None:
        return f"{script.module} is not installed: python -m pip install '.[peers]'"
    return None


class Peer:
    """A running peer, to be used in a `with`.

    loss, gradient: at the case's point, the gradient like `params`, to be checked before any
    timing. stepped: the parameters after one call from there. start_seconds: from the start of its
    program to the end of its first call, imports and compilation included. rss_bytes: its greatest
    resident memory until then.
    Raises PeerError if it does not start, with the last line of what it said.
    """

    def __init__(self, name: str, case: Case, params: PyTree, batch: Batch, threads: int):
        script = _script(name)
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="fbp-peer-")
        folder = Path(self._folder.name)
        _write(folder, case, params, batch, threads)
        command = [sys.executable, str(SCRIPTS / script.file), str(folder)]
        self._stderr = open(folder / "stderr", "w")  # noqa: SIM115  closed by stop()
        self._process = subprocess.Popen(
            command + (["--variant", script.variant] if script.variant else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            env=os.environ | ENVIRONMENT | dict.fromkeys(THREADS, str(threads)),
        )
        try:
            ready = self._reply()
            self.gradient, self.stepped = _read(folder / "answer.npz", params)
        except BaseException:
            self.stop()
            raise
        self.loss: float = ready["loss"]
        self.start_seconds: float = ready["start_seconds"]
        self.rss_bytes: int = ready["rss_bytes"]

    def clock(self, calls: int) -> float:
        """Seconds a call, over `calls` calls one after the other from the case's point.

        Returns when the peer's threads sleep again, so that they take no time from the next
        contender.
        """
        try:
            print(calls, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._stopped() from None
        seconds = self._reply()["seconds"]
        time.sleep(SETTLE_SECONDS)
        return seconds / calls

    def stop(self) -> None:
        """Ends the process and removes its folder."""
        self._process.kill()
        self._process.communicate()
        self._stderr.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _reply(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._stopped()
        return json.loads(line)

    def _stopped(self) -> PeerError:
        code = self._process.wait()
        said = Path(self._stderr.name).read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
        return PeerError(f"peer {self.name} stopped with exit status {code}: {last}")


def _script(name: str) -> Script:
    if name not in PEERS:
        raise PeerError(f"unknown peer {name!r}; there are {', '.join(PEERS)}")
    return PEERS[name]


def _write(folder: Path, case: Case, params: PyTree, batch: Batch, threads: int) -> None:
    config = dataclasses.asdict(case) | {"threads": threads}
    (folder / "case.json").write_text(json.dumps(config))
    arrays = {f"params/{path}": np.asarray(leaf) for path, leaf in _paths(params).items()}
    arrays |= {"inputs": np.asarray(batch.inputs), "targets": np.asarray(batch.targets)}
    np.savez(folder / "case.npz", allow_pickle=False, **arrays)


def _read(file: Path, params: PyTree) -> tuple[PyTree, PyTree]:
    with np.load(file) as arrays:
        trees = [[arrays[f"{kind}/{path}"] for path in _paths(params)] for kind in KINDS]
    gradient, stepped = (jax.tree.unflatten(jax.tree.structure(params), tree) for tree in trees)
    return gradient, stepped


def _paths(params: PyTree) -> dict[str, Any]:
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {jax.tree_util.keystr(p, simple=True, separator="."): leaf for p, leaf in leaves}
