"""Rows that were not taken, with the reason: noted a step at a time, one CSV file at the end of a pass."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from moref import csv_text
from moref.imports.model import MOST_REJECTED, Import
from moref.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Rejected:
    """`column` is the header as the file has it."""

    row: int
    column: str
    reason: str
    cells: dict[str, str]


def note(runtime: Runtime, one: Import, rejected: list[Rejected]) -> None:
    """Of the step that the import is at; doing it again writes the same. Beyond the limit rows are only counted."""
    room = MOST_REJECTED - one.counts.get("rejected", 0)
    if rejected and room > 0:
        text = json.dumps([asdict(each) for each in rejected[:room]], ensure_ascii=False)
        runtime.files.put(f"{one.rejected_prefix()}{one.at:05d}.json", text.encode(), content_type="application/json")


def gather(runtime: Runtime, one: Import) -> str | None:
    """The key of the pass's file; None when nothing was rejected. The cells come with it, to be put right and brought
    again; no spreadsheet takes one for a formula."""
    if not one.counts.get("rejected"):
        return None
    prefix, found = one.rejected_prefix(), list[dict[str, Any]]()
    for key in runtime.files.keys(prefix):
        if key.endswith(".json"):
            found += json.loads(runtime.files.get(key) or b"[]")
    rows = [
        {"row": each["row"], "column": each["column"], "reason": each["reason"]}
        | {f"cell {name}": value for name, value in each["cells"].items()}
        for each in found
    ]
    columns = ("row", "column", "reason", *(f"cell {name}" for name in one.columns))
    key = f"{prefix}rejected.csv"
    titles = {f"cell {name}": header for name, header in one.columns.items()}
    text = csv_text.write(columns, rows, titles=titles)
    runtime.files.put(key, text.encode("utf-8-sig"), content_type="text/csv")
    return key
