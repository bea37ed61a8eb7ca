"""A setting with bounds, which one reader can check for all."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def ranged(
    default: Any,
    *,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    below: float | None = None,
) -> Any:
    """A field whose value (or each of whose values) lies within bounds: `low` and `high` are
    allowed themselves, `above` and `below` are not."""
    bounds = {"low": low, "above": above, "high": high, "below": below}
    return field(default=default, metadata={k: v for k, v in bounds.items() if v is not None})
