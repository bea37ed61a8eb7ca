"""Group 5: at a kink the slope is the promised one, and one a function may have there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fbp.proof.cases.case import Case
from fbp.proof.finding import Finding, measured
from fbp.proof.point import Point, rule_at
from fbp.proof.rule import Rule, compiled
from fbp.proof.sample import Sample
from fbp.proof.vectors import largest, only, wide

STEP = 1e-7
BOUND = 1e-6  # of a one-sided difference: O(h) truncation


def one_sided_slopes(case: Case, point: Point, rule: Rule, s: Sample) -> Iterator[Finding]:
    """jvp and vjp give the documented slope, which lies between the left and the right one."""
    for kink, promised in case.kinks:
        at_kink = rule_at(case.layer, point._replace(x=np.full_like(point.x, kink)))
        here = compiled(at_kink)
        last = len(here.args) - 1
        ones = only(last, tuple(np.ones_like(a) for a in here.args))
        value = wide(here.value(here.args))[0]
        sides = []
        for h in (-STEP, STEP):
            there = wide(here.value((*here.args[:last], here.args[last] + h)))[0]
            sides.append((there - value) / h)
        low, high = np.minimum(*sides) - BOUND, np.maximum(*sides) + BOUND
        slopes = {
            "jvp": wide(here.push(here.args, ones))[0],
            "vjp": wide(here.pull(here.args, (np.ones_like(s.ys[0]),)))[last],
        }
        for which, slope in slopes.items():
            where, detail = f"x = {kink:g}", f"slope {slope.flat[0]:.6g}"
            outside = largest(np.maximum(low - slope, 0)) + largest(np.maximum(slope - high, 0))
            between = f"{detail} is outside [{low.flat[0]:.6g}, {high.flat[0]:.6g}]"
            yield measured(f"{which} between slopes", where, outside, 0.0, between)
            error = largest(slope - promised)
            yield measured(
                f"{which} at the kink", where, error, BOUND, f"{detail}, promised {promised:g}"
            )
