"""Where a framework's parameter is in the case's parameters, and how its axes are turned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from protocol import Given


class Place(NamedTuple):
    """The case's parameter `path`, or number `block` of those stacked in it.

    axes: the order in which the framework has its axes (None: the same); split: the shape that it
    is given first, where an axis is several of the framework's.
    """

    path: str
    block: int | None = None
    axes: tuple[int, ...] | None = None
    split: tuple[int, ...] | None = None

    def theirs(self, given: Given) -> np.ndarray:
        """The parameter as the framework has it, except that axes split before are separate."""
        value = given.params[self.path]
        value = value if self.block is None else value[self.block]
        value = value.reshape(self.split or value.shape)
        return np.ascontiguousarray(value.transpose(self.axes or range(value.ndim)))

    def put(self, value: np.ndarray, ours: dict[str, np.ndarray], given: Given) -> None:
        """Writes `value`, shaped as the framework has it, to its place in `ours`."""
        shape = self.theirs(given).shape
        order = np.argsort(self.axes or range(len(shape)))
        value = np.asarray(value).reshape(shape).transpose(order)
        whole = ours.setdefault(self.path, np.zeros_like(given.params[self.path]))
        part = whole if self.block is None else whole[self.block]
        part[...] = value.reshape(part.shape)


Places = dict[str, Place]  # by the framework's name of the parameter


def ours(places: Places, values: Mapping[str, np.ndarray], given: Given) -> dict:
    """What a framework has for its parameters, by its own names, as the case's."""
    found: dict[str, np.ndarray] = {}
    for name, place in places.items():
        place.put(values[name], found, given)
    return found


def linear(name: str, path: str, block: int | None = None, bias: bool = True) -> Places:
    """Of a layer whose weight is (outputs, inputs); ours is (inputs, outputs)."""
    places = {f"{name}.weight": Place(f"{path}.weight", block, (1, 0))}
    return places | ({f"{name}.bias": Place(f"{path}.bias", block)} if bias else {})


def conv(name: str, path: str, block: int | None = None, bias: bool = True) -> Places:
    """Of a layer whose weight is (outputs, inputs, height, width); ours is (h, w, in, out)."""
    places = {f"{name}.weight": Place(f"{path}.weight", block, (3, 2, 0, 1))}
    return places | ({f"{name}.bias": Place(f"{path}.bias", block)} if bias else {})


def norm(name: str, path: str, block: int | None = None) -> Places:
    """Of a layer that calls its scale `weight`."""
    return {
        f"{name}.weight": Place(f"{path}.scale", block),
        f"{name}.bias": Place(f"{path}.bias", block),
    }
