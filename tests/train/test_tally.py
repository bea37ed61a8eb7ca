import math

import numpy as np
import pytest

from fbp.train.step import StepResult
from fbp.train.tally import Tally, add_steps, means, watch


def test_means_are_over_all_steps_of_an_epoch():
    first = StepResult(np.array([1.0, 2.0, 3.0]), {"accuracy": np.array([0.0, 0.5, 1.0])}, None)
    second = StepResult(np.array([6.0, 100.0]), {"accuracy": np.array([1.0, 100.0])}, None)
    tally = add_steps(add_steps(Tally(), first, 3), second, 1)
    assert means(tally) == {"loss": 3.0, "accuracy": 0.625}


def test_the_noise_scale_is_the_ratio_of_means():
    parts = {"gradient_variance": np.array([8.0, 4.0]), "squared_gradient": np.array([-1.0, 3.0])}
    found = means(add_steps(Tally(), StepResult(np.ones(2), parts, None), 2))
    assert found["noise_scale"] == 6.0
    below = {**parts, "squared_gradient": np.array([-1.0, 0.5])}
    assert "noise_scale" not in means(add_steps(Tally(), StepResult(np.ones(2), below, None), 2))


@pytest.mark.parametrize(
    ("values", "smaller", "best", "waited"),
    [
        ([0.5, 0.7, 0.7, 0.6], False, 0.7, 2),
        ([0.5, 0.7, 0.4, 0.4], True, 0.4, 1),
        ([0.5, 0.4, 0.6], False, 0.6, 0),
        ([math.nan, 0.4], True, 0.4, 0),
        ([0.4, math.nan], True, 0.4, 1),
    ],
)
def test_waiting_counts_validations_without_a_better_value(values, smaller, best, waited):
    tally = Tally()
    for value in values:
        tally = watch(tally, value, smaller_is_better=smaller)
    assert (tally.best, tally.waited) == (best, waited)
