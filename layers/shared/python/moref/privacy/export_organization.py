"""Everything that an organization owns, noun by noun: JSON lines to be read by programs, and CSV for spreadsheets.

A slice is one page of one noun, and two files. Secrets are left out; what is ours alone is not theirs (inventory).
"""

import json
from typing import Any

from moref import csv_text
from moref.privacy.ask_export import file_key
from moref.privacy.inventory import INVENTORY
from moref.privacy.model import Export, ExportFile
from moref.privacy.nouns import nouns
from moref.privacy.shown import shown
from moref.records import Entity
from moref.runtime import Runtime

PAGE = 500  # rows of a file
_ALWAYS = ("id", "version", "created_at", "updated_at")
ORDER = tuple(sorted(noun for noun, holding in INVENTORY.items() if holding.exported))


def export_page(runtime: Runtime, export: Export) -> dict[str, Any]:
    """The export's fields after one page; `at_noun` is None when there is none left. Repeating a page writes the same
    files again."""
    noun = export.at_noun or ORDER[0]
    page = runtime.store.list(
        nouns()[noun], export.organization_id, newest_first=False, limit=PAGE, after=export.after,
        until=export.created_at,
    )  # fmt: skip
    files = list(export.files)
    if page.items:
        part = 1 + sum(file.name.startswith(f"{noun}.") for file in files) // 2
        files += _written(runtime, export, f"{noun}.{part:04}", page.items)
    left = None if page.after is None and noun == ORDER[-1] else noun if page.after else ORDER[ORDER.index(noun) + 1]
    return {"at_noun": left, "after": page.after, "files": files, "rows": export.rows + len(page.items)}


def columns(kind: type[Entity]) -> list[str]:
    """Of a noun's CSV, and the names in its JSON."""
    hidden = INVENTORY[kind.noun].secret | {"organization_id", *_ALWAYS}
    return [*_ALWAYS, *(name for name in kind.model_fields if name not in hidden)]


def _written(runtime: Runtime, export: Export, name: str, rows: Any) -> list[ExportFile]:
    names = columns(type(rows[0]))
    kept = [{name: told.get(name) for name in names} for told in map(shown, rows)]
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in kept)
    table = csv_text.write(names, ({name: _cell(value) for name, value in row.items()} for row in kept))
    made = {f"{name}.jsonl": (lines, "application/jsonl"), f"{name}.csv": (table, "text/csv; charset=utf-8")}
    for file, (text, kind) in made.items():
        runtime.files.put(file_key(export, file), text.encode(), content_type=kind)
    return [ExportFile(name=file, rows=len(rows)) for file in made]


def _cell(value: Any) -> Any:
    """Lists and maps as JSON; yes and no as JSON writes them."""
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return value
