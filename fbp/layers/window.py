"""Windows that slide over the spatial axes of (batch, *space, channels): settings and shapes."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from fbp.layer import LayerError

Padding = str | Sequence[tuple[int, int]]  # "SAME", "VALID", or (below, above) for each axis


def window_sizes(name: str, what: str, given: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One positive integer for each of 1 to 3 axes; a single one holds for all of them."""
    sizes = (given,) * rank if isinstance(given, int) else tuple(given)
    if not 1 <= rank <= 3 or len(sizes) != rank or min(sizes, default=0) < 1:
        raise LayerError(
            f"{name} needs {what} >= 1 for each of 1 to 3 spatial axes, got {given} for {rank}"
        )
    return sizes


def padding_for(
    name: str,
    padding: Padding,
    space: Sequence[int],
    window: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    """(below, above) for each spatial axis. Raises LayerError for a padding of another form."""
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise LayerError(f"{name}: padding is 'SAME', 'VALID' or pairs, got {padding!r}")
        reach = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
        return tuple(lax.padtype_to_pads(space, reach, stride, padding))
    if len(padding) != len(window) or any(len(p) != 2 or min(p) < 0 for p in padding):
        raise LayerError(
            f"{name}: explicit padding is a pair (below, above) >= 0 for each of {len(window)} "
            f"axes, got {padding}"
        )
    return tuple((low, high) for low, high in padding)


def require_image(name: str, x: jax.ShapeDtypeStruct, rank: int) -> None:
    """Raises LayerError unless x is floating (batch, *space, channels) with `rank` axes between."""
    if x.ndim != rank + 2 or not jnp.issubdtype(x.dtype, jnp.floating):
        axes = ", ".join(("batch", *("depth", "height", "width")[3 - rank :], "channels"))
        raise LayerError(f"{name} takes floating ({axes}), got {x.dtype.name}{list(x.shape)}")


def require_fit(
    name: str,
    space: Sequence[int],
    window: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> None:
    """Raises LayerError if the window nowhere fits into the padded input."""
    for n, k, (low, high), d in zip(space, window, padding, dilation, strict=True):
        if low + n + high < d * (k - 1) + 1:
            raise LayerError(
                f"{name}: a window {list(window)} with dilation {list(dilation)} does not fit "
                f"into {list(space)} with padding {[list(p) for p in padding]}"
            )
