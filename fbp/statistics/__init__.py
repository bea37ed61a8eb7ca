"""What single examples' gradients are like, from the backward pass that makes their mean."""

from fbp.statistics.estimates import ExampleStatistics, NoiseScale, noise_scale, variance
from fbp.statistics.measure import Measurement, StatisticsError, measure, measure_clipped
from fbp.statistics.noise import add_noise

__all__ = [
    "ExampleStatistics",
    "Measurement",
    "NoiseScale",
    "StatisticsError",
    "add_noise",
    "measure",
    "measure_clipped",
    "noise_scale",
    "variance",
]
