"""Files that hold a person who is erased: copies that were made of them, and lists that a company brought."""

from typing import Any

from moref.imports.model import OPEN, WORKING, Import
from moref.privacy.ask_export import forget_files
from moref.privacy.model import Erasure, Export
from moref.privacy.raw import keys_in
from moref.records import Change, every
from moref.runtime import Runtime


def forget(runtime: Runtime, erasure: Erasure) -> None:
    """Whole files: the rest of a list of refused rows is in the hands of whoever sent the file. Raises Conflict."""
    org = erasure.organization_id
    for contact in erasure.contact_ids:
        for export in every(runtime.store, Export, org, parent=contact):
            forget_files(runtime, export)
    for one in every(runtime.store, Import, org, until=erasure.created_at):
        if one.status not in WORKING:  # one that goes on, or comes later, refuses the row and keeps none of its cells
            _import(runtime, one, erasure)


def _import(runtime: Runtime, listed: Import, erasure: Erasure) -> None:
    held = [key for key in runtime.files.keys(listed.folder()) if _holds(runtime, key, erasure)]
    one = runtime.store.find(Import, listed.organization_id, listed.id)
    if not held or one is None:
        return
    fields: dict[str, Any] = {"rejected_file": None} if one.rejected_file in held else {}
    if one.status in OPEN:
        fields |= {"status": "cancelled", "reason": "somebody in the file was erased: bring it again without them"}
    if fields:
        runtime.store.commit(Change(one, one.changed(runtime.clock.now(), **fields)))
    runtime.files.delete(held)


def _holds(runtime: Runtime, key: str, erasure: Erasure) -> bool:
    text = (runtime.files.get(key) or b"").decode("utf-8", "replace")
    wanted = {*erasure.listed_keys}
    return any(wanted & {*found} for found in keys_in(runtime.keys, erasure.organization_id, text))
