"""From a [data] section to the data set it names."""

from __future__ import annotations

from fbp.config.schema import Csv, Data, Digits, Idx, Mnist, Text
from fbp.data.csv import load_csv
from fbp.data.dataset import Dataset
from fbp.data.digits import load_digits
from fbp.data.idx import load_idx, load_mnist
from fbp.data.text import load_text


def load(section: Data) -> Dataset:
    """The data set, checked. Raises DataError for data that is missing, damaged or unfit."""
    match section:
        case Digits():
            return load_digits(section)
        case Mnist():
            return load_mnist(section)
        case Idx():
            return load_idx(section)
        case Csv():
            return load_csv(section)
        case Text():
            return load_text(section)
