"""What combinators of several layers share: naming the parts, and shapes at build time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from fbp.layer import Context, Layer, LayerError, Part, PyTree


def name_parts(
    combinator: str, layers: Sequence[Layer], named: Mapping[str, Layer]
) -> tuple[tuple[Part, ...], Sequence, Callable[[Sequence], Any]]:
    """(parts, keys, collect): collect(values)[keys[i]] belongs to parts[i].

    Positional layers keep their parameters in a tuple, named ones in a dict.
    Raises LayerError for no layers, for both kinds at once, and for what is not a Layer.
    """
    if bool(layers) == bool(named):
        raise LayerError(f"{combinator} takes at least one layer, all by position or all by name")
    names = list(named) or [str(i) for i in range(len(layers))]
    parts = tuple(Part(n, v) for n, v in zip(names, layers or named.values(), strict=True))
    for part in parts:
        if not isinstance(part.layer, Layer):
            raise LayerError(
                f"expected a Layer, got {type(part.layer).__name__}: "
                "a constructor such as dense(10) makes one",
                (part.name,),
            )
    if named:
        return parts, names, lambda values: dict(zip(names, values, strict=True))
    return parts, range(len(layers)), tuple


def rebuilt(
    combinator: Callable[..., Layer], parts: Sequence[Part], by_name: bool
) -> Callable[[Sequence[Layer]], Layer]:
    """The `rebuild` of a combinator that takes its layers by position or by name."""
    if by_name:
        names = [part.name for part in parts]
        return lambda layers: combinator(**dict(zip(names, layers, strict=True)))
    return lambda layers: combinator(*layers)


def spec(x: PyTree) -> PyTree:
    """Shapes and dtypes of a pytree of arrays."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), x)


def show(x: PyTree) -> str:
    """A pytree of shapes in words: float32[8, 64]."""
    leaves = [f"{a.dtype.name}[{', '.join(map(str, a.shape))}]" for a in jax.tree.leaves(x)]
    return ", ".join(leaves) or "nothing"


def init_and_shape(layer: Layer, key: jax.Array, x: PyTree) -> tuple[PyTree, PyTree, PyTree]:
    """(params, state, shape of y). What does not fit is a LayerError that shows x's shape."""
    try:
        params, state = layer.init(key, x)
        y = jax.eval_shape(
            lambda p, s, x, k: layer.forward(p, s, x, Context(k))[0], params, state, x, key
        )
    except (TypeError, ValueError, IndexError, AssertionError) as error:
        raise LayerError(f"{layer.name} does not take {show(x)}: {error}") from error
    return params, state, y


def same_shape(what: str, expected: PyTree, found: PyTree) -> None:
    """Raises LayerError unless both trees have the same structure, shapes and dtypes."""
    if spec(expected) != spec(found):
        raise LayerError(f"{what}: expected {show(expected)}, got {show(found)}")
