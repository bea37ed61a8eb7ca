"""A run small enough to train in a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fbp.config.schema import Adam, Config, Mlp, Train

DIGITS = Config(
    model=Mlp(widths=(16,)),
    optimizer=Adam(learning_rate=1e-2),
    train=Train(epochs=2, batch_size=64, steps_per_dispatch=4),
)


@pytest.fixture(scope="session")
def small_run():
    """small_run(epochs=3, ...): the configuration of a small run, with other [train] settings."""

    def make(**train) -> Config:
        return replace(DIGITS, train=replace(DIGITS.train, **train))

    return make
