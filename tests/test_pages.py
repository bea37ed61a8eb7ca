"""Freed memory stays with a process that keeps its pages, and goes back from one that does not."""

import subprocess
import sys

import pytest

from fbp.pages import ENVIRONMENT

# How many pages are touched anew each time that 40 MiB are asked for, filled and given back.
PROGRAM = """
import resource
import sys

import numpy as np

from fbp.pages import keep_pages

if sys.argv[1] == "keep":
    assert keep_pages()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def touch():
    np.ones(40 * 2**20, np.uint8)

touch()
before = faults()
for _ in range(10):
    touch()
print((faults() - before) / 10)
"""
PAGES = 40 * 2**20 / 4096

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="mallopt is glibc's, and pages are counted on Linux",
)


def touched(*how, env=None):
    command = [sys.executable, "-c", PROGRAM, *how]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    return float(done.stdout)


def test_a_process_that_keeps_its_pages_touches_none_anew():
    assert touched("keep") < 0.01 * PAGES


def test_the_environment_does_the_same():
    assert touched("leave", env=ENVIRONMENT) < 0.01 * PAGES


def test_the_measurement_tells_the_two_apart():
    """NumPy asks for huge pages, of 512 small ones, where the system has them."""
    assert touched("leave", env={}) >= PAGES / 512
