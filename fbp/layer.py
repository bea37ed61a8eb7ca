"""The contract: a layer is a forward function and one linear map, written in both directions.

    forward(params, state, x, ctx) -> y, state, res      value, new state, residuals
    jvp(params, res, tparams, tx)  -> ty                 push a tangent forward   (forward mode)
    vjp(params, res, dy)           -> dparams, dx        pull a cotangent back    (reverse mode)

`jvp` and `vjp` are the same linear map at the point that `forward` left in `res`, and its
transpose. `params`, `state` and `res` are pytrees of arrays; `res` never holds a parameter.
`state` is threaded and never differentiated. Integer leaves of `x` have no gradient: their
tangent and cotangent are None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax

from fbp.errors import FbpError

PyTree = Any


@partial(jax.tree_util.register_dataclass, data_fields=["key"], meta_fields=["train"])
@dataclass(frozen=True)
class Context:
    """What a forward pass may depend on besides its arguments; never differentiated.

    key: a PRNG key, or None where no layer draws. train: False for evaluation.
    """

    key: jax.Array | None = None
    train: bool = True

    def child(self, i: int | jax.Array) -> Context:
        """The context of part `i`: its own key, the same mode."""
        return self if self.key is None else replace(self, key=jax.random.fold_in(self.key, i))


class Part(NamedTuple):
    """A named sub-layer, applied `times` times with parameters of its own each time."""

    name: str
    layer: Layer
    times: int = 1


class Layer(NamedTuple):
    """Pure functions that belong together. See the module's docstring for the three signatures.

    init(key, x: ShapeDtypeStruct) -> params, state.
    dual(params, state, x, ctx, tparams, tx) -> y, state, ty: forward and jvp in one sweep, in
    which no residual outlives its layer; None means forward, then jvp.
    parts and rebuild(layers) let a net be walked and edited; a leaf has neither.
    factors(params, res, dy) -> factors, dx: as vjp, with a Factor (fbp.layers.factors) in place of
    each of the layer's own gradients: every example's, the examples along the first axis. What
    parts pulled back stays as it is. Only gradient statistics need it.
    undo(params, state, y, ctx) -> x, res: what forward was given and left, from what it returned;
    only layers that can be inverted have it.
    A rule that is None is missing, and whoever needs it says so.
    """

    name: str
    init: Callable[..., tuple[PyTree, PyTree]]
    forward: Callable[..., tuple[PyTree, PyTree, PyTree]]
    jvp: Callable[..., PyTree] | None
    vjp: Callable[..., tuple[PyTree, PyTree]] | None
    dual: Callable[..., tuple[PyTree, PyTree, PyTree]] | None = None
    parts: tuple[Part, ...] = ()
    rebuild: Callable[[Sequence[Layer]], Layer] | None = None
    factors: Callable[..., tuple[PyTree, PyTree]] | None = None
    undo: Callable[..., tuple[PyTree, PyTree]] | None = None


class LayerError(FbpError):
    """A problem in one layer of a net; `path` leads to it from the outermost layer."""

    def __init__(self, problem: str, path: tuple[str, ...] = ()):
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def __str__(self) -> str:
        return f"layer {'/'.join(self.path)}: {self.problem}" if self.path else self.problem


@contextmanager
def within(name: str) -> Iterator[None]:
    """Prefixes the path of a LayerError raised inside with `name`."""
    try:
        yield
    except LayerError as error:
        error.path = (name, *error.path)
        raise


def push(layer: Layer, params: PyTree, res: PyTree, tparams: PyTree, tx: PyTree) -> PyTree:
    """The layer's jvp. Raises LayerError if it has none."""
    if layer.jvp is None:
        raise LayerError(f"{layer.name} has no jvp: write one, or choose a mode that needs none")
    return layer.jvp(params, res, tparams, tx)


def pull(layer: Layer, params: PyTree, res: PyTree, dy: PyTree) -> tuple[PyTree, PyTree]:
    """The layer's vjp. Raises LayerError if it has none."""
    if layer.vjp is None:
        raise LayerError(f"{layer.name} has no vjp: write one, or choose a mode that needs none")
    return layer.vjp(params, res, dy)


def dual(
    layer: Layer,
    params: PyTree,
    state: PyTree,
    x: PyTree,
    ctx: Context,
    tparams: PyTree,
    tx: PyTree,
) -> tuple[PyTree, PyTree, PyTree]:
    """Value and tangent in one sweep: (y, state, ty)."""
    if layer.dual is not None:
        return layer.dual(params, state, x, ctx, tparams, tx)
    y, state, res = layer.forward(params, state, x, ctx)
    return y, state, push(layer, params, res, tparams, tx)


def stateless(
    name: str,
    init: Callable[..., PyTree],
    forward: Callable[..., tuple[PyTree, PyTree]],
    jvp: Callable[..., PyTree] | None = None,
    vjp: Callable[..., tuple[PyTree, PyTree]] | None = None,
    factors: Callable[..., tuple[PyTree, PyTree]] | None = None,
) -> Layer:
    """A layer from maths alone: init(key, x) -> params, forward(params, x) -> y, res."""

    def lifted_init(key, x):
        return init(key, x), ()

    def lifted_forward(params, state, x, ctx):
        y, res = forward(params, x)
        return y, state, res

    return Layer(name, lifted_init, lifted_forward, jvp, vjp, factors=factors)


def elementwise(name: str, f: Callable[[jax.Array], tuple[jax.Array, jax.Array]]) -> Layer:
    """A layer y_i = f(x_i) from f(x) -> (y, dy/dx), both of x's shape.

    The slope is the residual. A boolean slope stands for 0 and 1, costs one byte an element and
    selects, so that a 0 stops even an infinite cotangent.
    """

    def init(key, x):
        return ()

    def forward(params, x):
        return f(x)

    def jvp(params, slope, tparams, tx):
        return _scaled(slope, tx)

    def vjp(params, slope, dy):
        return (), _scaled(slope, dy)

    return stateless(name, init, forward, jvp, vjp)


def _scaled(slope: jax.Array, t: jax.Array) -> jax.Array:
    return jax.numpy.where(slope, t, 0) if slope.dtype == bool else slope * t


def leaves(layer: Layer, path: tuple[str, ...] = (), times: int = 1) -> Iterator[tuple]:
    """Every leaf layer of a net in the order of application, as (path, layer, times)."""
    if not layer.parts:
        yield path, layer, times
    for part in layer.parts:
        yield from leaves(part.layer, (*path, part.name), times * part.times)


def edit(
    layer: Layer, change: Callable[[tuple[str, ...], Layer], Layer], path: tuple[str, ...] = ()
) -> Layer:
    """The same net with every leaf replaced by change(path, leaf)."""
    if not layer.parts:
        return change(path, layer)
    assert layer.rebuild is not None, f"{layer.name} has parts but no rebuild"
    return layer.rebuild([edit(p.layer, change, (*path, p.name)) for p in layer.parts])
