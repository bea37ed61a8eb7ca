"""One case: its contenders built, checked against each other, and timed in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

import jax
import numpy as np

from fbp.errors import FbpError
from fbp.gradients import gradient
from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender
from fbp.lab.bench.depth import depth_contenders
from fbp.lab.bench.floor import floor_seconds
from fbp.lab.bench.peers import peer_contenders
from fbp.lab.bench.per_example import per_example_contenders
from fbp.lab.bench.point import objective_of, point_of
from fbp.lab.bench.steps import step_contenders
from fbp.lab.cost import flops
from fbp.lab.timing import Timing, interleaved_clocks
from fbp.layer import PyTree

# Relative, of the loss and of each leaf's gradient in norm; bfloat16 keeps 8 bits.
TOLERANCES = {"float32": (1e-5, 1e-4), "bfloat16": (2e-2, 5e-2)}


class Disagreement(FbpError):
    """Contenders that do not compute the same thing: there is nothing to time."""


class Result(NamedTuple):
    """timings, compile_seconds and temp_bytes by contender; ratios are over fbp's time. floor: of
    the products that one call needs, in seconds. missing: why a peer did not run."""

    name: str
    case: Case
    timings: dict[str, Timing]
    compile_seconds: dict[str, float]
    temp_bytes: dict[str, int]
    rss_bytes: dict[str, int]
    floor: float | None
    flops: int
    missing: dict[str, str]


class Times(NamedTuple):
    """timings of the contenders, in agreement; missing: why a peer did not run."""

    contenders: dict[str, Contender]
    timings: dict[str, Timing]
    missing: dict[str, str]


def time_case(name: str, case: Case, rounds: int = 15, *, with_peers: bool = True) -> Times:
    """The contenders in turn; with_peers: other frameworks too.

    Raises Disagreement, before anything is timed.
    """
    of_loss, of_gradient = TOLERANCES[case.train.compute_dtype]
    tolerances = of_loss, case.bench.rounding or of_gradient
    with ExitStack() as stack:
        contenders, missing = _contenders(stack, name, case, tolerances, with_peers)
        clocks = {key: contender.clock for key, contender in contenders.items()}
        return Times(contenders, interleaved_clocks(clocks, rounds), missing)


def measure_case(name: str, case: Case, rounds: int = 15, *, with_peers: bool = True) -> Result:
    """Everything about one case. Raises Disagreement."""
    contenders, timings, missing = time_case(name, case, rounds, with_peers=with_peers)
    objective = objective_of(case)
    grad_fn, point = gradient(objective, "backprop"), point_of(case, objective)
    floor = None if case.bench.depths else case.bench.scan * floor_seconds(grad_fn, *point)
    return Result(
        name=name,
        case=case,
        timings=timings,
        compile_seconds=_known(contenders, "compile_seconds"),
        temp_bytes=_known(contenders, "temp_bytes"),
        rss_bytes=_known(contenders, "rss_bytes"),
        floor=floor,
        flops=case.bench.scan * flops(grad_fn, *point),
        missing=missing,
    )


def _contenders(
    stack: ExitStack, name: str, case: Case, tolerances: tuple[float, float], with_peers: bool
) -> tuple[dict[str, Contender], dict[str, str]]:
    """Every contender that runs, fbp first, all in agreement; and why others do not."""
    if case.bench.kind == "depth":
        flat: dict[str, Contender] = {}
        for depth, pair in depth_contenders(case).items():
            require_agreement(f"{name} of {depth} blocks", pair, tolerances)
            flat |= {f"{key}_{depth}": contender for key, contender in pair.items()}
        return flat, {}
    objective = objective_of(case)
    point = point_of(case, objective)
    make = per_example_contenders if case.bench.kind == "per_example" else step_contenders
    contenders = make(case, objective, point)
    missing: dict[str, str] = {}
    if with_peers:
        others, missing = peer_contenders(stack, case, point)
        contenders |= others
    require_agreement(name, contenders, tolerances)
    return contenders, missing


def require_agreement(
    name: str, contenders: Mapping[str, Contender], tolerances: tuple[float, float]
) -> None:
    """Raises Disagreement unless all losses and gradients are the first one's."""
    of_loss, of_gradient = tolerances
    (first, contender), *others = contenders.items()
    wanted_loss, wanted = contender.evaluate()
    for other, contender in others:
        loss, found = contender.evaluate()
        off = abs(float(loss) / float(wanted_loss) - 1)
        if not off <= of_loss:
            raise Disagreement(
                f"case {name}: the loss is {float(loss):.7g} by {other} and "
                f"{float(wanted_loss):.7g} by {first}"
            )
        for leaf, off in _errors(found, wanted):
            if not off <= of_gradient:
                raise Disagreement(
                    f"case {name}: {other}'s gradient of {leaf} is off {first}'s by {off:.1e} of "
                    f"its norm; at most {of_gradient:.0e} is rounding"
                )


def _errors(found: PyTree, wanted: PyTree) -> Iterator[tuple[str, float]]:
    leaves = jax.tree_util.tree_leaves_with_path(wanted)
    for (path, w), f in zip(leaves, jax.tree.leaves(found), strict=True):
        w, f = np.asarray(w, np.float64), np.asarray(f, np.float64)
        norm = np.linalg.norm(w)
        error = np.linalg.norm(f - w) / norm if norm else np.linalg.norm(f)
        yield jax.tree_util.keystr(path, simple=True, separator="."), float(error)


def _known(contenders: Mapping[str, Contender], attribute: str) -> dict:
    values = {name: getattr(c, attribute) for name, c in contenders.items()}
    return {name: value for name, value in values.items() if value is not None}
