"""What is wrong with a configuration, and the right name that is nearest."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from fbp.errors import FbpError


class ConfigError(FbpError):
    """A configuration that cannot be read, or makes no sense: where, what, what is allowed."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` may have been meant to be."""
    return next(iter(get_close_matches(name, list(names), n=1)), None)
