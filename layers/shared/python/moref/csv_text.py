"""CSV as spreadsheets may open it: a cell that would be a formula there is text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, titles: Mapping[str, str] | None = None
) -> str:  # fmt: skip
    """A header line and one line a row (RFC 4180). None is empty; numbers stay numbers, text is never a formula.

    `titles`: what the header says for a column, where that is not its name.
    """
    out = io.StringIO(newline="")
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow([_cell((titles or {}).get(name, name)) for name in columns])
    for row in rows:
        lines.writerow([_cell(row.get(name)) for name in columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A leading apostrophe is how spreadsheets are told that what follows is text."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
