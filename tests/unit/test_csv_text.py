"""A file that staff open in a spreadsheet runs nothing."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.csv_text import write

CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize("cell", ["=1+1", "+1 555", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_marked_as_text(cell: str) -> None:
    assert next(csv.DictReader(io.StringIO(write(["a"], [{"a": cell}]), newline="")))["a"] == f"'{cell}"


@given(st.lists(st.fixed_dictionaries({"a": CELL, "b": CELL}), max_size=5))
def test_every_cell_comes_back_whole(rows: list[dict[str, str]]) -> None:
    found = list(csv.reader(io.StringIO(write(["a", "b"], rows), newline="")))
    assert found[0] == ["a", "b"]
    assert [[cell.removeprefix("'") for cell in line] for line in found[1:]] == [
        [cell.removeprefix("'") for cell in (row["a"], row["b"])] for row in rows
    ]


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert write(["a", "b"], [{"a": -5, "b": None}]) == "a,b\r\n-5,\r\n"
