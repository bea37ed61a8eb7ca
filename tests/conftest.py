"""What all tests share: shape annotations that are checked, float64 on request, the data folder."""

import os
from pathlib import Path

import jax
import pytest
from jaxtyping import install_import_hook

# Every call into a rule checks its array shapes and dtypes against the annotation.
install_import_hook(["fbp.layers", "fbp.losses"], "beartype.beartype")


@pytest.fixture
def x64():
    """float64 for the length of a test."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder FBP_DATA names, with MNIST, tinyshakespeare and wheat seeds."""
    folder = os.environ.get("FBP_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FBP_DATA names no folder: this test needs real data that is not shipped")
    return Path(folder)
