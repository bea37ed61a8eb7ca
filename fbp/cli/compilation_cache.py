"""Compiled programs, kept between runs."""

from __future__ import annotations

import os

import platformdirs

FOLDER = "JAX_COMPILATION_CACHE_DIR"
THRESHOLD = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"


def use_compilation_cache() -> None:
    """Has JAX, which is not imported yet, keep what took over 0.3 s to compile for the next run.

    In the user's cache folder, unless the environment names another; nowhere if that is not
    writable.
    """
    if FOLDER in os.environ:
        return
    folder = platformdirs.user_cache_path("fbp") / "xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        os.environ[FOLDER] = str(folder)
        os.environ.setdefault(THRESHOLD, "0.3")
