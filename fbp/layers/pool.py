"""What pooling layers share: their settings, and the windows these give on an input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax

from fbp.layer import Layer, LayerError, stateless
from fbp.layers.window import Padding, padding_for, require_fit, require_image, window_sizes

X, Y = "batch *space channels", "batch *out channels"


class Windows(NamedTuple):
    """size, stride: one entry a spatial axis; padding: (below, above) each."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]


class Pooling(NamedTuple):
    """A pooling layer's settings. padding: of x's shape where it is "SAME"."""

    name: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding

    def on(self, space: Sequence[int]) -> Windows:
        """The windows on an input of spatial shape `space`."""
        ones = (1,) * len(self.size)
        padding = padding_for(self.name, self.padding, space, self.size, self.stride, ones)
        return Windows(self.size, self.stride, padding)


def pool(
    name: str,
    window: Sequence[int],
    stride: int | Sequence[int] | None,
    padding: Padding,
    forward: Callable,
    jvp: Callable,
    vjp: Callable,
) -> Layer:
    """The layer of three rules that take a Pooling last. Raises LayerError as max_pool says."""
    size = window_sizes(name, "window", window, len(window))
    strides = size if stride is None else window_sizes(name, "stride", stride, len(size))
    pooling = Pooling(name, size, strides, padding)

    def init(key: jax.Array, x: jax.ShapeDtypeStruct) -> tuple:
        require_image(name, x, len(size))
        pads = pooling.on(x.shape[1:-1]).padding
        require_fit(name, x.shape[1:-1], size, pads, (1,) * len(size))
        if any(max(pad) >= k for pad, k in zip(pads, size, strict=True)):
            raise LayerError(
                f"{name}: padding {[list(p) for p in pads]} puts a whole window {list(size)} "
                "outside of the input"
            )
        return ()

    forward, jvp, vjp = (partial(rule, pooling=pooling) for rule in (forward, jvp, vjp))
    return stateless(f"{name}({'x'.join(map(str, size))})", init, forward, jvp, vjp)
