"""Which layer made the first value that is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jax
import numpy as np

from fbp.layer import Layer
from fbp.observe import Observation, Path, Signal

Place = tuple[int, ...]  # orders applications: positions among siblings and repetitions, in turn


def first_non_finite(net: Layer, observation: Observation) -> str | None:
    """Who made it, in words; None if all is finite. Forward comes before backward."""
    seen = jax.device_get(observation)
    if not seen.inputs.finite:
        return "the batch's inputs are not finite: look into the data"
    if bad := sorted(_bad_places(net, seen.activation)):
        return f"the first non-finite value is made by {bad[0][1]} in its forward pass"
    if not np.isfinite(seen.loss):
        return "the first non-finite value is the loss itself, of finite outputs of the net"
    if seen.dloss is not None and not seen.dloss.finite:
        return "the first non-finite value is made by the loss in its backward pass"
    if bad := sorted(_bad_places(net, seen.cotangent)):
        return f"the first non-finite value is made by {bad[-1][1]} in its backward pass"
    return None


def _bad_places(net: Layer, signals: Mapping[Path, Signal]) -> Iterator[tuple[Place, str]]:
    """Where and in which layer a signal is not finite."""
    for path, template, times in _applications(net):
        if path in signals:
            # One axis a `repeat`; repetitions of a single one order nothing.
            finite = np.asarray(signals[path].finite).reshape([n for n in times if n > 1])
            for repetition in np.argwhere(~finite):
                numbers = iter(repetition.tolist())
                place = tuple(next(numbers) if i is None else i for i in template)
                which = f" (repetition {', '.join(map(str, repetition))})" if finite.ndim else ""
                yield place, f"layer {'/'.join(path)}{which}"


def _applications(
    layer: Layer, path: Path = (), place: tuple[int | None, ...] = (), times: Place = ()
) -> Iterator[tuple[Path, tuple[int | None, ...], Place]]:
    """(path, place, repetitions) of every leaf; the place is None where a repetition counts."""
    if not layer.parts:
        yield path, place, times
    for i, part in enumerate(layer.parts):
        here = None if part.times > 1 else i
        yield from _applications(
            part.layer, (*path, part.name), (*place, here), (*times, part.times)
        )
