"""The learning rate as a function of the optimizer's update, counted from 0."""

from __future__ import annotations

from collections.abc import Sequence

import optax

from fbp.errors import FbpError


def constant(peak: float, updates: int) -> optax.Schedule:
    """`peak`, always."""
    return optax.constant_schedule(peak)


def cosine(
    peak: float, updates: int, *, warmup_steps: int = 0, final: float = 0.0
) -> optax.Schedule:
    """Linear from 0 over warmup_steps, then half a cosine from `peak` to final * peak.

    The last of the `updates` is at final * peak. Source: Loshchilov & Hutter 2017, eq. 5.
    Raises FbpError if the warm-up leaves no update for the cosine.
    """
    last = max(updates - 1, 1)
    if warmup_steps >= last:
        raise FbpError(
            f"schedule.warmup_steps is {warmup_steps}, but the run has {updates} updates: "
            f"choose less than {last}, or train longer"
        )
    return optax.warmup_cosine_decay_schedule(
        init_value=0.0 if warmup_steps else peak,
        peak_value=peak,
        warmup_steps=warmup_steps,
        decay_steps=last,
        end_value=final * peak,
    )


def exponential(
    peak: float, updates: int, *, rate: float = 0.96, every: int = 1000
) -> optax.Schedule:
    """peak * rate ** (update / every)."""
    return optax.exponential_decay(peak, every, rate)


def piecewise(
    peak: float, updates: int, *, boundaries: Sequence[int] = (), factors: Sequence[float] = ()
) -> optax.Schedule:
    """`peak`, multiplied by factors[i] from update boundaries[i] on.

    Raises FbpError for lists of different length.
    """
    if len(boundaries) != len(factors):
        raise FbpError(
            f"schedule.boundaries has {len(boundaries)} entries and schedule.factors "
            f"{len(factors)}: give one factor for each boundary"
        )
    return optax.piecewise_constant_schedule(peak, dict(zip(boundaries, factors, strict=True)))


SCHEDULES = {
    "constant": constant,
    "cosine": cosine,
    "exponential": exponential,
    "piecewise": piecewise,
}
