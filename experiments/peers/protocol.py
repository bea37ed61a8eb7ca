"""What every peer does alike: reads a case, proves that it computes it, then runs it on request.

`python NAME_peer.py FOLDER [--variant V]`. FOLDER/case.json is the case's configuration, and
FOLDER/case.npz its point: `inputs`, `targets`, and each parameter as `params/PATH`. What the peer
makes of it goes to FOLDER/answer.npz: the gradient at that point as `gradient/PATH`, and as
`stepped/PATH` the parameters after one call, which is bench.scan training steps. Then one line of
JSON says that the peer is ready, and each line N on stdin is answered by the seconds that N calls
took. The end of stdin ends the process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

START = time.perf_counter()  # before any framework is imported: peers import this module first


class Given(NamedTuple):
    """A case: its configuration by attribute (config.model.name), the point, and the variant."""

    config: Any
    params: dict[str, np.ndarray]
    inputs: np.ndarray
    targets: np.ndarray
    variant: str


class Training(Protocol):
    """A net with its optimizer at the case's point, computing in its parameters' dtype."""

    def gradient(self) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its gradient, laid out and named as the case's parameters."""

    def stepped(self) -> dict[str, np.ndarray]:
        """The parameters now, laid out and named as the case's."""

    def reset(self) -> None:
        """Back to the case's point: what training has reached must not change what a step costs."""

    def steps(self, n: int) -> None:
        """n training steps one after the other, over when their result is there."""


def serve(build: Callable[[Given], Training], variants: Sequence[str] = ("",)) -> None:
    """Runs the protocol above on the command line's arguments, stdin and stdout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variant", choices=variants, default=variants[0])
    args = parser.parse_args()
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints is no reply
    given = read(args.folder, args.variant)
    training = build(given)
    loss, gradient = training.gradient()
    steps = given.config.bench.scan
    training.steps(steps)  # what is compiled on first use is compiled now
    seconds = time.perf_counter() - START
    answer = {f"gradient/{path}": value for path, value in gradient.items()}
    answer |= {f"stepped/{path}": value for path, value in training.stepped().items()}
    np.savez(args.folder / "answer.npz", allow_pickle=False, **answer)
    ready = {"loss": loss, "start_seconds": seconds, "rss_bytes": peak_rss_bytes()}
    print(json.dumps(ready), file=replies, flush=True)
    for line in sys.stdin:
        training.reset()
        start = time.perf_counter()
        training.steps(int(line) * steps)
        print(json.dumps({"seconds": time.perf_counter() - start}), file=replies, flush=True)


def read(folder: Path, variant: str) -> Given:
    """The case in a folder."""
    text = (folder / "case.json").read_text()
    config = json.loads(text, object_hook=lambda section: SimpleNamespace(**section))
    with np.load(folder / "case.npz") as arrays:
        params = {
            name.removeprefix("params/"): arrays[name]
            for name in arrays.files
            if name.startswith("params/")
        }
        return Given(config, params, arrays["inputs"], arrays["targets"], variant)


def peak_rss_bytes() -> int:
    """The greatest resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage on Linux begins with the peak of the process that forked
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def unknown(given: Given) -> SystemExit:
    """What a peer raises for a case that it has no net for."""
    return SystemExit(f"{Path(sys.argv[0]).name} has no net for this case: {given.config.model}")
