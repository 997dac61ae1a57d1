"""The file as uploaded becomes prepared blocks of rows: read once as a whole, so that every later step reads little."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from moref import csv_table
from moref.csv_table import Header, Row
from moref.imports.model import BLOCK, MOST_BYTES, MOST_ROWS, Import
from moref.imports.table import KindOf
from moref.kernel.errors import BadInput
from moref.runtime import Runtime

Prepared = tuple[int, dict[str, str], str | None]  # the row's number, its cells, what is wrong with it


def split(runtime: Runtime, one: Import, kind: KindOf) -> dict[str, Any]:
    """What the row learns of its file; the blocks are written. Doing it again writes the same.

    Raises BadInput on a file that cannot be used as a whole.
    """
    body = runtime.files.get(one.upload_key())
    if body is None:
        raise BadInput("the file is gone", field="csv")
    if len(body) > MOST_BYTES:
        raise BadInput(f"the file is larger than {MOST_BYTES // 1_000_000} MB", field="csv")
    header, rows = csv_table.rows(csv_table.text_of(body), kind.columns)
    _refuse(header, kind)
    ignored = [name for name in kind.consent if name in header.places] if one.options.consent_text is None else []
    count = 0
    for block, some in enumerate(_blocks(_distinct(rows, ignored))):
        count += len(some)
        if count > MOST_ROWS:
            raise BadInput(f"more than {MOST_ROWS} rows: split the file, the order does not matter", field="csv")
        text = json.dumps(some, ensure_ascii=False, separators=(",", ":"))
        runtime.files.put(one.block_key(block), text.encode(), content_type="application/json")
    if count == 0:
        raise BadInput("there are no rows below the header", field="csv")
    return {
        "delimiter": csv_table.DELIMITERS[header.delimiter], "columns": header.taken, "unused": header.unused,
        "rows": count, "notes": _notes(ignored, header),
    }  # fmt: skip


def block(runtime: Runtime, one: Import, number: int) -> list[Prepared]:
    """Raises BadInput when the files are gone."""
    body = runtime.files.get(one.block_key(number))
    if body is None:
        raise BadInput("the prepared rows are gone: begin anew", field="csv")
    return [(number, cells, wrong) for number, cells, wrong in json.loads(body)]


def _refuse(header: Header, kind: KindOf) -> None:
    for group in kind.required:
        if not set(group) & header.places.keys():
            found = ", ".join(header.unused) or "none"
            raise BadInput(f"no column for {' or '.join(group)}; headers without a meaning: {found}", field="csv")


def _distinct(rows: Iterator[Row], ignored: list[str]) -> Iterator[Prepared]:
    """Two rows alike are one claim, or a slip: the second is rejected, since nothing tells which."""
    seen: dict[bytes, int] = {}
    for row in rows:
        cells = {name: value for name, value in row.cells.items() if value and name not in ignored}
        digest = sha256(repr(cells).encode()).digest()[:16]  # in the header's order, the same for each row
        first = seen.setdefault(digest, row.number)
        wrong = row.wrong
        if wrong is None and first != row.number:
            wrong = f"the same as row {first}: leave one out, or give each an id of its own"
        yield row.number, cells, wrong


def _blocks(rows: Iterator[Prepared]) -> Iterator[list[Prepared]]:
    some: list[Prepared] = []
    for row in rows:
        some.append(row)
        if len(some) == BLOCK:
            yield some
            some = []
    if some:
        yield some


def _notes(ignored: list[str], header: Header) -> list[str]:
    return [
        f"{header.taken[name]} does not count: say what customers agreed to (consent_text) when the import is made"
        for name in ignored
    ]
