"""Initialisers, by the names configurations use: init(key, shape, dtype) -> array."""

from __future__ import annotations

from collections.abc import Callable

import jax
from jax.nn import initializers

Initializer = Callable[..., jax.Array]

zeros = initializers.zeros
ones = initializers.ones
standard_normal = initializers.normal(1.0)  # Nielsen 2015, chapter 1: every weight and bias N(0, 1)
small_normal = initializers.normal(0.01)
scaled_normal = initializers.variance_scaling(1.0, "fan_in", "normal")  # chapter 3: N(0, 1/n_in)
lecun_normal = initializers.lecun_normal()
he_normal = initializers.he_normal()
glorot_uniform = initializers.glorot_uniform()

INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "ones": ones,
    "standard_normal": standard_normal,
    "small_normal": small_normal,
    "scaled_normal": scaled_normal,
    "lecun_normal": lecun_normal,
    "he_normal": he_normal,
    "glorot_uniform": glorot_uniform,
}
