"""A case of the benchmark: a run's configuration, what its data look like, and the goals."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fbp.config import read_config
from fbp.config.schema import Config, ranged

FOLDER = Path("configs") / "bench"


@dataclass(frozen=True)
class Goals:
    """The least ratios of a peer's time to ours; None: no goal.

    autodiff: the faster of plain and rematerialised. loop: that in a Python loop. floor: the least
    share of our time that the products need. The most: temp, of autodiff's temporary memory (the
    leaner of the two) that we need; compile, of the shallowest net's compile time that the deepest
    takes; line, of the deepest net's step time over that on the line through two shallower ones'.
    """

    autodiff: float | None = ranged(None, low=0)
    loop: float | None = ranged(None, low=0)
    torch: float | None = ranged(None, low=0)
    numpy: float | None = ranged(None, low=0)
    floor: float | None = ranged(None, low=0)
    temp: float | None = ranged(None, low=0)
    compile: float | None = ranged(None, low=0)
    line: float | None = ranged(None, low=0)


@dataclass(frozen=True)
class Setting:
    """What a case adds to a run's configuration.

    kind: "step", a training step with its optimizer; "head", that of a last layer and its loss;
    "per_example", the gradient and the norm of each example's; "depth", steps and compilations of
    `depths` blocks. rounding: how far gradients may be apart, of their norm (None: 1e-4, or what
    bfloat16 allows). inputs: shape of an example, of random numbers, or of tokens below `classes`
    for a text. scan: steps a call.
    """

    about: str = ""
    kind: Literal["step", "head", "per_example", "depth"] = "step"
    inputs: tuple[int, ...] = ranged((), low=1)
    classes: int = ranged(10, low=2)
    scan: int = ranged(1, low=1)
    rounding: float | None = ranged(None, low=0)
    depths: tuple[int, ...] = ranged((), low=1)
    peers: tuple[str, ...] = ()  # experiments/peers/NAME.py
    goals: Goals = field(default=Goals())


@dataclass(frozen=True)
class Case(Config):
    bench: Setting = field(default=Setting())


def read_case(path: Path) -> Case:
    """The case in a TOML file. Raises ConfigError."""
    return read_config(path, kind=Case)
