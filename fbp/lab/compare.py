"""Every gradient mode at the same parameters and batch: exactness, passes, time, FLOPs, memory."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from fbp.build import build_objective
from fbp.compose.parts import spec
from fbp.config import schema
from fbp.data import Dataset
from fbp.errors import FbpError
from fbp.gradients import gradient
from fbp.lab.cost import FLOPS_LIMIT, Program, compile_program
from fbp.lab.exactness import as_vector, exact_gradient, exactness
from fbp.lab.restricted import restricted
from fbp.lab.timing import interleaved
from fbp.lab.variants import Variant, variants
from fbp.layer import Context, PyTree
from fbp.objective import Batch, Objective

FEWEST, MOST = 8, 64  # entries of the gradient that are measured where all would take too long


class Row(NamedTuple):
    """One mode's measurements; all but the first two are None where it cannot serve: `reason`.

    passes: sweeps through the net, forward or backward. time_ratio: time over that of the loss
    alone, a median, with its quartiles time_low and time_high. flops, temp_bytes: of the compiled
    program. extrapolated: time and exactness come from a few entries of the gradient, and time is
    scaled by FLOPs.
    """

    name: str
    passes: int
    cosine: float | None = None
    max_rel_error: float | None = None
    time_ratio: float | None = None
    time_low: float | None = None
    time_high: float | None = None
    flops: int | None = None
    temp_bytes: int | None = None
    extrapolated: bool = False
    reason: str | None = None


class Comparison(NamedTuple):
    """What was compared: the number of parameters, examples a batch, the loss alone; the rows."""

    parameters: int
    examples: int
    loss_seconds: float
    loss_flops: int
    loss_temp_bytes: int
    rows: tuple[Row, ...]


class Point(NamedTuple):
    """Where gradients are taken: the arguments of a gradient function."""

    params: PyTree
    state: PyTree
    batch: Any
    ctx: Context


def compare(
    config: schema.Config, dataset: Dataset, *, flops_limit: float = FLOPS_LIMIT
) -> Comparison:
    """Every mode at the parameters that a run of `config` starts from, on its first batch.

    Parameters are float32, arithmetic is what the config says, float32 at most; the reference is
    JAX's reverse mode in float64. A mode of one pass a parameter that takes more than
    `flops_limit` is run on as many entries of the gradient as that allows, 8 to 64, spread evenly
    over all parameters, and on the largest.
    Options are those of the config's [gradient] section for its mode, the defaults for the others.
    """
    classes = len(dataset.classes)
    compute: schema.DType = "float32"
    if config.train.compute_dtype == "bfloat16":
        compute = "bfloat16"
    objective = build_objective(_in_precision(config, "float32", compute), classes)[2]
    reference = build_objective(_in_precision(config, "float64", "float64"), classes)[2]

    n = config.train.batch_size
    batch = Batch(jnp.asarray(dataset.train.inputs[:n]), jnp.asarray(dataset.train.targets[:n]))
    init_key, run_key = jax.random.split(jax.random.key(config.seed))
    params, state = jax.jit(lambda key: objective.init(key, spec(batch.inputs)))(init_key)
    point = Point(params, state, batch, Context(run_key, train=True))

    exact = exact_gradient(reference, *point)
    loss = compile_program(lambda *args: objective.forward(*args)[0], *point)
    loss_seconds = interleaved({"loss": lambda: loss.call(*point)})["loss"].seconds
    rows = (
        _row(variant, objective, point, exact, loss, flops_limit)
        for variant in variants(config.gradient, exact.size)
    )
    examples = batch.targets.shape[0]
    return Comparison(exact.size, examples, loss_seconds, loss.flops, loss.temp_bytes, tuple(rows))


def _row(
    variant: Variant,
    objective: Objective,
    point: Point,
    exact: NDArray,
    loss: Program,
    flops_limit: float,
) -> Row:
    """The measurements of one mode, in full or, above the limit, on a few entries."""
    row = Row(variant.name, variant.passes(exact.size))
    try:
        program = compile_program(gradient(objective, variant.mode, **variant.options), *point)
    except FbpError as error:
        return row._replace(reason=str(error))
    row = row._replace(flops=program.flops, temp_bytes=program.temp_bytes)
    if not variant.passes_a_parameter or program.flops <= flops_limit:
        return _measured(row, program, point, loss, point, exact)

    affordable = int(flops_limit * exact.size / program.flops)
    n = min(max(FEWEST, affordable), MOST, exact.size)
    spread = np.linspace(0, exact.size - 1, n).round().astype(np.int32)
    # With the largest among them, errors are relative to the same entry as in full.
    entries = np.union1d(spread, np.argmax(np.abs(exact)))
    few = restricted(objective, jnp.asarray(entries))
    vector = jnp.asarray(as_vector(point.params)[entries])
    few_point = point._replace(params=vector, batch=(point.batch, point.params))
    part = compile_program(gradient(few, variant.mode, **variant.options), *few_point)
    row = _measured(row, part, few_point, loss, point, exact[entries])
    scale = program.flops / part.flops
    scaled = {f: scale * getattr(row, f) for f in ("time_ratio", "time_low", "time_high")}
    return row._replace(extrapolated=True, **scaled)


def _measured(
    row: Row, program: Program, at: Point, loss: Program, loss_at: Point, exact: NDArray
) -> Row:
    """`row` with the exactness and the time of a compiled gradient function."""
    cosine, max_rel_error = exactness(as_vector(program.call(*at).grads), exact)
    timing = interleaved({"loss": lambda: loss.call(*loss_at), "mode": lambda: program.call(*at)})
    _, ratio, low, high = timing["mode"]
    return row._replace(
        cosine=cosine, max_rel_error=max_rel_error, time_ratio=ratio, time_low=low, time_high=high
    )


def _in_precision(
    config: schema.Config, param: schema.DType, compute: schema.DType
) -> schema.Config:
    train = dataclasses.replace(config.train, param_dtype=param, compute_dtype=compute)
    return dataclasses.replace(config, train=train)
