"""The flag is XLA's, and a user's own word stands."""

import os
import subprocess
import sys

import pytest

from fbp.cli import xla_flags
from fbp.cli.xla_flags import NAME, VALUE, use_eigen_convolutions


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("", f"{NAME}={VALUE}"),
        ("--xla_cpu_max_isa=AVX2", f"--xla_cpu_max_isa=AVX2 {NAME}={VALUE}"),
        (f"{NAME}=", f"{NAME}="),
        ("flags.txt", "flags.txt"),
    ],
)
def test_it_is_added_to_what_is_there(monkeypatch, given, wanted):
    monkeypatch.setenv("XLA_FLAGS", given)
    use_eigen_convolutions()
    assert os.environ["XLA_FLAGS"] == wanted


def test_an_xla_that_may_not_know_it_is_not_told(monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(xla_flags, "version", lambda package: "0.13.0")
    use_eigen_convolutions()
    assert "XLA_FLAGS" not in os.environ


def test_this_xla_knows_it_and_gives_convolutions_to_eigen():
    """A convolution that is YNNPACK's by default is not, and a product still is."""
    program = """
import sys
from fbp.cli.xla_flags import use_eigen_convolutions
if sys.argv[1] == "eigen":
    use_eigen_convolutions()
import jax, jax.numpy as jnp
from jax import lax
def f(x, k):
    numbers = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=numbers)
conv = jax.jit(f).lower(jnp.ones((8, 16, 16, 32)), jnp.ones((3, 3, 32, 32))).compile().as_text()
dot = jax.jit(jnp.dot).lower(jnp.ones((256, 256)), jnp.ones((256, 256))).compile().as_text()
print("ynn" in conv, "ynn" in dot)
"""
    said = {
        how: subprocess.run(
            [sys.executable, "-c", program, how],
            capture_output=True,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "XLA_FLAGS"},
            check=True,
        ).stdout.split()
        for how in ("default", "eigen")
    }
    assert said == {"default": ["True", "True"], "eigen": ["False", "True"]}
