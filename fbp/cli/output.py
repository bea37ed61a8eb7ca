"""Tables on standard output."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def print_table(table: Table) -> None:
    """Prints `table` at its natural width: a narrow terminal wraps lines, but nothing is cut."""
    natural = Console(width=10_000).measure(table).maximum
    Console(width=natural).print(table)
