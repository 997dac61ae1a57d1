"""CSV files as people have them: which separator, which columns by which of their names, and every row with its number.

UTF-8 with or without a byte order mark; separated by comma, semicolon or tab; quotes as in RFC 4180, with line breaks
inside. What cannot be read for certain is refused, with the place.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from moref.kernel.errors import BadInput

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
MOST_COLUMNS = 100
LONGEST_CELL = 4000

Aliases = Mapping[str, Sequence[str]]  # our name of a column -> other names for it
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """`taken`: our column -> the header as written; `places`: our column -> its index; `unused`: the other headers."""

    delimiter: str
    width: int
    taken: dict[str, str]
    places: dict[str, int]
    unused: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as spreadsheets count: the header is row 1. `wrong` says why its cells cannot be trusted."""

    number: int
    cells: Cells
    wrong: str | None = None


def text_of(body: bytes) -> str:
    """Raises BadInput on anything but UTF-8; its words name the line, never what stands there."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadInput(f"line {line} is not UTF-8: save the file as CSV UTF-8", field="csv") from None
    if "\x00" in text:
        raise BadInput("this is not a CSV file", field="csv")
    return text


def rows(text: str, aliases: Aliases) -> tuple[Header, Iterator[Row]]:
    """Rows come as they are read, empty ones left out.

    Raises BadInput (field "csv") on a header that names no or one column twice, and, while rows are read, on what is no
    CSV: a quote that does not end, or has something behind it.
    """
    reader = _reader(text.removeprefix("\ufeff"))
    header = _header(reader.delimiter, _next(reader.lines) or [], aliases)
    return header, _rows(reader.lines, header)


@dataclass(frozen=True, slots=True)
class _Reader:
    delimiter: str
    lines: Iterator[list[str]]


def _reader(text: str) -> _Reader:
    delimiter = max(DELIMITERS, key=_first_line(text).count)
    stream: TextIO = io.StringIO(text, newline="")
    return _Reader(delimiter, csv.reader(stream, delimiter=delimiter, strict=True))


def _first_line(text: str) -> str:
    """Without what stands in quotes: a header may hold the other separators, and line breaks."""
    start = text[:20_000]
    return re.split(r"[\r\n]", re.sub(r'"[^"]*"', "", start), maxsplit=1)[0]


def _next(lines: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(lines, None)
    except csv.Error:
        raise BadInput("this is not a CSV file: a quote does not end, or a cell is too long", field="csv") from None


def _rows(lines: Iterator[list[str]], header: Header) -> Iterator[Row]:
    number = 1
    while (cells := _next(lines)) is not None:
        number += 1
        if any(cell.strip() for cell in cells):
            yield _row(number, cells, header)


def _row(number: int, cells: list[str], header: Header) -> Row:
    found = {name: cell(cells[place]) for name, place in header.places.items() if place < len(cells)}
    if len(cells) > header.width and any(each.strip() for each in cells[header.width :]):
        return Row(number, found, "more cells than the header has: put text that holds the separator in quotes")
    if max(map(len, cells)) > LONGEST_CELL:
        return Row(number, {}, f"a cell is longer than {LONGEST_CELL} characters")
    return Row(number, found)


def cell(text: str) -> str:
    """An apostrophe in front is how spreadsheets mark text, in our own files too."""
    return text.strip().removeprefix("'").strip()


def _header(delimiter: str, names: list[str], aliases: Aliases) -> Header:
    if len(names) > MOST_COLUMNS:
        raise BadInput(f"more than {MOST_COLUMNS} columns", field="csv")
    ours = {_plain(alias): name for name, others in aliases.items() for alias in (name, *others)}
    taken: dict[str, str] = {}
    places: dict[str, int] = {}
    unused: list[str] = []
    for place, given in enumerate(names):
        name = ours.get(_plain(given))
        if name is None:
            unused += [given.strip()[:100]] if given.strip() else []
        elif name in places:
            raise BadInput(f"{taken[name]!r} and {given.strip()!r} are both {name}: keep one", field="csv")
        else:
            taken[name], places[name] = given.strip(), place
    if not places:
        raise BadInput(f"the first line names the columns: {', '.join(aliases)}", field="csv")
    return Header(delimiter, len(names), taken, places, unused)


def _plain(name: str) -> str:
    """Letter case, spaces, underscores, dashes and dots make no other name."""
    return re.sub(r"[\s_.\-]+", "", name.casefold())
