"""Classification of a table's rows: one column is the class, the others are the inputs."""

from __future__ import annotations

import numpy as np

from fbp.config.schema import Csv
from fbp.data.dataset import DataError, Dataset, Split, checked
from fbp.data.location import locate
from fbp.data.partition import partition
from fbp.data.scaling import Scaling
from fbp.data.table import Table, read_table, to_numbers


def load_csv(section: Csv) -> Dataset:
    """inputs (n, columns - 1), the file's order of columns; rows in an order drawn from split_seed.

    Classes are the class column's different values, sorted: as numbers if all are whole numbers,
    else as text. Standardising takes mean and standard deviation from the training rows alone; a
    column that is constant there is only centred. Raises DataError, which names the line where one
    is to blame.
    """
    table = read_table(locate(section.path))
    label = _label_column(table, section.label)
    classes, targets = _classes(table, label)
    raw = to_numbers(table, [i for i in range(len(table.rows[0])) if i != label])
    if raw.shape[1] == 0:
        raise DataError(f"{table.path}: no column but the class; inputs need at least one")
    rows = partition(
        len(raw), section.validation_fraction, section.test_fraction, section.split_seed
    )
    scaling = _standardising(raw[rows.train]) if section.standardise else Scaling()
    inputs = scaling.apply(raw)
    train, validation, test = (None if r is None else Split(inputs[r], targets[r]) for r in rows)
    assert train is not None
    return checked(Dataset(table.path.stem, train, validation, test, classes, scaling))


def _standardising(raw: np.ndarray) -> Scaling:
    std = raw.std(axis=0)
    return Scaling(raw.mean(axis=0), np.where(std > 0, std, 1.0))


def _label_column(table: Table, label: str) -> int:
    """The column a label names: by its header, or by its number from 0, or from the right by -1."""
    count = len(table.rows[0])
    if table.header is not None and label in table.header:
        if table.header.count(label) > 1:
            raise DataError(f"{table.path}: {table.header.count(label)} columns are called {label}")
        return table.header.index(label)
    try:
        number = int(label)
    except ValueError:
        names = "no header" if table.header is None else f"the columns {', '.join(table.header)}"
        raise DataError(
            f"{table.path}: no column {label!r} for data.label: the file has {names}"
        ) from None
    if not -count <= number < count:
        raise DataError(
            f"{table.path}: data.label = {number}, but the file has {count} columns:"
            f" 0..{count - 1}, or -{count}..-1 from the right"
        )
    return number % count


def _classes(table: Table, label: int) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes' names, sorted, and each row's class, int32 (rows,)."""
    cells = [row[label] for row in table.rows]
    for cell, line in zip(cells, table.lines, strict=True):
        if not cell:
            raise DataError(f"{table.path}, line {line}, {table.column(label)}: no class")
    try:
        values = to_numbers(table, [label])[:, 0]
    except DataError:
        names, targets = np.unique(cells, return_inverse=True)
        return tuple(map(str, names)), targets.astype(np.int32)
    fractional = np.flatnonzero(values != np.rint(values))
    if fractional.size:
        first = fractional[0]
        raise DataError(
            f"{table.path}, line {table.lines[first]}, {table.column(label)}: {cells[first]} is no"
            f" class: classes are names or whole numbers; set data.label to the class column"
        )
    numbers, targets = np.unique(values, return_inverse=True)
    return tuple(str(int(number)) for number in numbers), targets.astype(np.int32)
