"""Text files that hold a table: a row a line, cells between commas, semicolons, tabs or spaces."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fbp.data.dataset import DataError


class Table(NamedTuple):
    """Cells as text. header: the columns' names, or None. lines: each row's line in the file."""

    path: Path
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, i: int) -> str:
        """What messages call column i; counted from 0, as data.label is."""
        return f"column {i}" + ("" if self.header is None else f" ({self.header[i]})")


def read_table(path: Path) -> Table:
    """The table in a file, every row with as many cells as the first.

    The separator is the first of comma, semicolon, tab and space that the first line has. Tabs and
    spaces may be repeated; where tabs separate, so do two or more spaces. The first line is the
    header if none of its cells is a number. Raises DataError for a file that cannot be read, has no
    rows, or has a row of another length, naming the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a table: {error}") from error
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{path}: empty: a table needs at least one row")
    split = _splitter(lines[0][1])
    try:
        rows = [tuple(cell.strip() for cell in split(line)) for _, line in lines]
    except csv.Error as error:
        raise DataError(f"{path}: cannot be read as a table: {error}") from error
    numbers = tuple(i for i, _ in lines)
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}, line {number}: {len(row)} cells, but line {numbers[0]} has {len(rows[0])}"
            )
    if any(_is_number(cell) for cell in rows[0]):
        return Table(path, None, tuple(rows), numbers)
    if len(rows) == 1:
        raise DataError(f"{path}: a header, and no rows")
    return Table(path, rows[0], tuple(rows[1:]), numbers[1:])


def to_numbers(table: Table, columns: Sequence[int]) -> np.ndarray:
    """Those columns as float64 (rows, columns).

    Raises DataError, naming line and column, for a cell that is not a finite number.
    """
    values = np.empty((len(table.rows), len(columns)))
    for i, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
        for j, column in enumerate(columns):
            cell = row[column]
            if not _is_number(cell) or not np.isfinite(float(cell)):
                raise DataError(
                    f"{table.path}, line {line}, {table.column(column)}: {cell!r} is not a finite"
                    f" number"
                )
            values[i, j] = float(cell)
    return values


def _splitter(first_line: str) -> Callable[[str], list[str]]:
    for separator in ",;":
        if separator in first_line:
            return lambda line: next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    pattern = re.compile(r"[ ]*\t[\t ]*| {2,}" if "\t" in first_line.strip() else r"\s+")
    return lambda line: pattern.split(line.strip())


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
