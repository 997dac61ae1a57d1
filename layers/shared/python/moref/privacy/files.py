"""Files that hold a person who is erased: copies that were made of them, and rows that an import did not take."""

from moref.imports.model import Import
from moref.kernel.errors import Conflict
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
    for one in every(runtime.store, Import, org):
        if one.rejected_file is not None and _holds(runtime, one.rejected_file, erasure):
            _drop(runtime, one, one.rejected_file)


def _holds(runtime: Runtime, key: str, erasure: Erasure) -> bool:
    text = (runtime.files.get(key) or b"").decode("utf-8", "replace")
    wanted = {*erasure.listed_keys}
    return any(wanted & {*found} for found in keys_in(runtime.keys, erasure.organization_id, text))


def _drop(runtime: Runtime, listed: Import, key: str) -> None:
    one = runtime.store.find(Import, listed.organization_id, listed.id)
    if one is None or one.rejected_file != key:
        raise Conflict("the import goes on in this moment")
    runtime.files.delete([key])
    runtime.store.commit(Change(one, one.changed(runtime.clock.now(), rejected_file=None)))
