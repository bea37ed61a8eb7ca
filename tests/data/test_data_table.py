"""Tables in text files."""

import numpy as np
import pytest

from fbp.data.dataset import DataError
from fbp.data.table import read_table, to_numbers


@pytest.fixture
def table(tmp_path):
    """From a text to the table it holds."""

    def read(text: str | bytes):
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_table(path)

    return read


@pytest.mark.parametrize("separator", [",", ", ", ";", "\t", "\t\t", "   ", " \t "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators(table, separator, newline):
    rows = [["1", "-2.5"], ["3e1", "4"]]
    t = table(newline.join(separator.join(row) for row in rows))
    assert t.header is None
    np.testing.assert_array_equal(to_numbers(t, [0, 1]), [[1, -2.5], [30, 4]])


def test_a_row_with_tabs_and_spaces_as_in_the_wheat_seeds(table):
    t = table("14.1\t5\t\t1\n14.16\t14.4    0.8584\n")
    assert t.rows == (("14.1", "5", "1"), ("14.16", "14.4", "0.8584"))


def test_a_single_space_is_part_of_a_cell_between_tabs(table):
    t = table("Length of Kernel\tKind\n5.7\tRosa rubra\n")
    assert t.header == ("Length of Kernel", "Kind")
    assert t.rows == (("5.7", "Rosa rubra"),)


def test_quoted_cells(table):
    t = table('"length, mm", "kind"\n1, "a, b"\n')
    assert t.header == ("length, mm", "kind")
    assert t.rows == (("1", "a, b"),)


def test_blank_lines_and_a_byte_order_mark(table):
    t = table("\ufeff\na,b\n\n1,2\n\n")
    assert (t.header, t.rows, t.lines) == (("a", "b"), (("1", "2"),), (4,))


def test_names_of_classes_do_not_make_a_header(table):
    assert table("5.1,setosa\n4.9,setosa\n").header is None


def test_ragged_rows_name_the_line(table):
    with pytest.raises(DataError, match=r"t\.csv, line 4: 3 cells, but line 1 has 2"):
        table("a,b\n1,2\n\n1,2,3\n")


@pytest.mark.parametrize("cell", ["x", "", "nan", "-inf", "1.2.3"])
def test_cells_that_are_no_number_name_line_and_column(table, cell):
    t = table(f"a,b\n1,2\n3,{cell}\n")
    with pytest.raises(DataError, match=rf"t\.csv, line 3, column 1 \(b\): '{cell}' is not"):
        to_numbers(t, [0, 1])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b\n", "a header, and no rows"),
        (b"\xff\x00", "cannot"),
        ("1," + "9" * 200_000, "cannot"),
    ],
)
def test_nothing_to_read(table, text, problem):
    with pytest.raises(DataError, match=rf"t\.csv: {problem}"):
        table(text)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv"):
        read_table(tmp_path / "absent.csv")
