"""CSV as people have it: separators, quotes, marks, aliases; a file we wrote is read back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref import csv_table, csv_text
from moref.kernel.errors import BadInput

ALIASES = {"phone": ("mobile", "phone number"), "email": ("e-mail",), "note": ()}


def read(text: str) -> list[csv_table.Row]:
    return list(csv_table.rows(text, ALIASES)[1])


def test_headers_are_found_by_any_of_their_names_and_said() -> None:
    header, rows = csv_table.rows("\ufeffPhone Number;E-Mail;What?\n1;2;3\n", ALIASES)
    assert (header.delimiter, header.taken) == (";", {"phone": "Phone Number", "email": "E-Mail"})
    assert header.unused == ["What?"]
    assert [row.cells for row in rows] == [{"phone": "1", "email": "2"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_line_breaks_and_separators_stand_in_quotes(delimiter: str) -> None:
    text = f'email{delimiter}note\r\na@b.example{delimiter}"one\r\ntwo{delimiter} ""three"""\r\n\r\nlast{delimiter}x'
    rows = read(text)
    assert rows[0].cells["note"] == f'one\r\ntwo{delimiter} "three"'
    assert [row.number for row in rows] == [2, 4]  # as a spreadsheet counts: the empty row is the third


def test_the_separator_is_looked_for_outside_quotes() -> None:
    header, _ = csv_table.rows('"a;b;c;d",email\nx,y\n', ALIASES)
    assert header.delimiter == ","


def test_a_row_that_is_wider_than_the_header_is_not_trusted() -> None:
    wide, short = read("email,note\na@b.example,one,two\nc@d.example\n")
    assert wide.wrong is not None
    assert (short.wrong, short.cells) == (None, {"email": "c@d.example"})
    assert read("email,note\na@b.example,one,,\n")[0].wrong is None


def test_what_cannot_be_read_for_certain_is_refused() -> None:
    for text in ("", "what,is,this\n1,2,3\n", "email,mobile,phone\n", ",".join("abcdefghij" * 11) + "\n"):
        with pytest.raises(BadInput):
            read(text)
    for text in ('email\n"a', 'email\n"a"b\n'):
        with pytest.raises(BadInput):
            read(text)
    for body in (b"email\n\xe9\n", b"email\x00"):
        with pytest.raises(BadInput):
            csv_table.text_of(body)
    assert csv_table.text_of("\ufeffé".encode()) == "é"


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)] * 2)))
def test_what_we_write_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = csv_text.write(("email", "note"), [{"email": one, "note": other} for one, other in rows])
    found = [(row.cells.get("email", ""), row.cells.get("note", "")) for row in read(text)]

    def kept(cell: str) -> str:
        written = f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
        return csv_table.cell(written)

    assert found == [(kept(one), kept(other)) for one, other in rows if one.strip() or other.strip()]
