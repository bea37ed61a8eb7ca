import math

import numpy as np
import pytest

from fbp.errors import FbpError
from fbp.train.schedule import constant, cosine, exponential, piecewise


def rates(schedule, steps):
    return np.array([float(schedule(s)) for s in steps])


def test_constant_stays():
    assert float(constant(0.3, 10)(7)) == pytest.approx(0.3)


def test_cosine_warms_up_linearly_and_ends_at_final_with_the_last_update():
    peak, updates, warmup, final = 0.5, 21, 5, 0.1
    found = rates(cosine(peak, updates, warmup_steps=warmup, final=final), range(updates))
    expected = [
        peak * s / warmup
        if s < warmup
        else peak
        * (
            final
            + (1 - final) * (1 + math.cos(math.pi * (s - warmup) / (updates - 1 - warmup))) / 2
        )
        for s in range(updates)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8)
    assert found[-1] == pytest.approx(final * peak)


def test_cosine_without_warm_up_starts_at_the_peak():
    assert float(cosine(0.5, 10)(0)) == pytest.approx(0.5)


def test_exponential():
    found = rates(exponential(0.2, 0, rate=0.9, every=10), [0, 5, 10, 25])
    np.testing.assert_allclose(found, 0.2 * 0.9 ** np.array([0, 0.5, 1, 2.5]), rtol=1e-5)


def test_piecewise_applies_from_the_boundary_on():
    schedule = piecewise(1.0, 0, boundaries=(3, 5), factors=(0.5, 0.1))
    np.testing.assert_allclose(rates(schedule, [2, 3, 4, 5]), [1, 0.5, 0.5, 0.05], rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cosine(0.1, 10, warmup_steps=9), "warmup_steps is 9, but the run has 10"),
        (lambda: piecewise(0.1, 10, boundaries=(1, 2), factors=(0.1,)), "2 entries"),
    ],
)
def test_what_cannot_be_is_named(make, message):
    with pytest.raises(FbpError, match=message):
        make()
