"""What XLA's CPU compiler is told to do otherwise than by default."""

from __future__ import annotations

import os
from importlib.metadata import version

NAME = "--xla_cpu_experimental_ynn_fusion_type"
# By default YNNPACK has products, reductions and convolutions. Without the last, Eigen has them: on
# two CPU cores LeNet's step takes 0.67 of the time, ResNet-20's 0.93.
VALUE = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"
MEASURED = ("0.10.", "0.11.", "0.12.")  # an XLA that does not know a flag ends the process


def use_eigen_convolutions() -> None:
    """Tells JAX, which is not imported yet, by XLA_FLAGS, unless that has the flag already, or
    names a file of flags."""
    flags = os.environ.get("XLA_FLAGS", "").strip()
    names_a_file = flags and not flags.startswith("--")
    if NAME not in flags and not names_a_file and version("jaxlib").startswith(MEASURED):
        os.environ["XLA_FLAGS"] = f"{flags} {NAME}={VALUE}".strip()
