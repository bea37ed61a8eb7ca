"""Layer by layer: forward and hand-written vjp against jax.vjp of the usual code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from rich.table import Table

from fbp.lab.bench.contender import Contender, compiled
from fbp.lab.bench.measure import TOLERANCES, require_agreement
from fbp.lab.timing import Timing, clock, interleaved_clocks
from fbp.lab.usual.layers import LAYERS, LayerCase
from fbp.layer import Context, pull

GOAL = 0.97  # the least ratio that is no loss: what the clock cannot tell from 1


class LayerRow(NamedTuple):
    """One layer at one shape of x. seconds: ours. usual: its time over ours."""

    name: str
    shape: tuple[int, ...]
    seconds: float
    usual: Timing
    temp_bytes: int
    usual_temp_bytes: int


def measure_layers(rounds: int = 15) -> Iterator[LayerRow]:
    """A row a layer and shape, as they are done. Raises Disagreement."""
    for case in LAYERS:
        for shape in case.shapes:
            contenders = _contenders(case, shape)
            name = f"{case.name} {list(shape)}"
            require_agreement(name, contenders, TOLERANCES["float32"])
            timings = interleaved_clocks({k: c.clock for k, c in contenders.items()}, rounds)
            ours, usual = (contenders[k].temp_bytes for k in ("fbp", "autodiff"))
            assert ours is not None
            assert usual is not None
            yield LayerRow(
                case.name, shape, timings["fbp"].seconds, timings["autodiff"], ours, usual
            )


def _contenders(case: LayerCase, shape: tuple[int, ...]) -> dict[str, Contender]:
    init_key, x_key, dy_key, ctx_key = jax.random.split(jax.random.key(0), 4)
    if case.tokens is None:
        x = jax.random.normal(x_key, shape)
    else:
        x = jax.random.randint(x_key, shape, 0, case.tokens)
    params, state = case.layer.init(init_key, jax.ShapeDtypeStruct(x.shape, x.dtype))
    ctx = Context(ctx_key)

    def ours(params, x, dy):
        y, _, res = case.layer.forward(params, state, x, ctx)
        return y, pull(case.layer, params, res, dy)

    def usual(params, x, dy):
        if case.tokens is not None:  # integers have no gradient
            y, pull_back = jax.vjp(lambda p: case.usual(p, x), params)
            return y, (*pull_back(dy), None)
        y, pull_back = jax.vjp(case.usual, params, x)
        return y, pull_back(dy)

    y = jax.eval_shape(lambda p, x: case.usual(p, x), params, x)
    args = params, x, jax.random.normal(dy_key, y.shape)
    return {"fbp": _contender(ours, *args), "autodiff": _contender(usual, *args)}


def _contender(f, *args: Any) -> Contender:
    program = compiled(f, *args)
    run = partial(program.call, *args)

    def evaluate():
        y, gradients = run()
        return jnp.linalg.norm(y), gradients

    return Contender(evaluate, partial(clock, run), program.seconds, program.temp_bytes)


def layer_table(rows: Sequence[LayerRow]) -> Table:
    """A row a layer and shape; above 1, fbp is faster."""
    table = Table(box=None, pad_edge=False)
    table.add_column("layer")
    for name in ("x", "ms", "autodiff / fbp", "quartiles", "temp MiB", "autodiff's", ""):
        table.add_column(name, justify="right")
    for name, shape, seconds, usual, temp, usual_temp in rows:
        table.add_row(
            name,
            "x".join(map(str, shape)),
            f"{1e3 * seconds:.3f}",
            f"{usual.ratio:.2f}",
            f"{usual.low:.2f} to {usual.high:.2f}",
            f"{temp / 2**20:.2f}",
            f"{usual_temp / 2**20:.2f}",
            "" if usual.ratio >= GOAL else "SLOWER",
        )
    return table


def layer_json(rows: Sequence[LayerRow]) -> list[dict[str, Any]]:
    """The rows as plain data."""
    return [
        {
            "layer": row.name,
            "shape": list(row.shape),
            "ms": 1e3 * row.seconds,
            "ratio": row.usual.ratio,
            "quartiles": [row.usual.low, row.usual.high],
            "temp_bytes": {"fbp": row.temp_bytes, "autodiff": row.usual_temp_bytes},
        }
        for row in rows
    ]
