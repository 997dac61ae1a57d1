"""Staff ask for an import, have it started once the dry run looks right, or call it off."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moref.events import Event
from moref.imports.model import MOST_BYTES, OPEN, Import, Kind, Options
from moref.kernel.errors import BadInput, Conflict
from moref.ports import Upload
from moref.records import Change, Emit, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Connection, Location

UPLOAD = timedelta(hours=1)
CONTENT_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class Wish:
    kind: Kind
    options: Options
    text: str | None  # a small file, as it is; None: it is uploaded


def ask_import(runtime: Runtime, organization_id: str, id: str, wish: Wish, *, actor: str) -> Import:
    """Checked at once when the file came with it; else it waits for the upload. A repeat of the id changes nothing.

    Raises NotFound; BadInput on options that do not fit together.
    """
    now, store = runtime.clock.now(), runtime.store
    known = store.find(Import, organization_id, id)
    if known is not None:
        return known
    _refuse(runtime, organization_id, wish)
    one = Import(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, kind=wish.kind, options=wish.options,
        asked_by=actor, status="uploading" if wish.text is None else "checking",
    )  # fmt: skip
    told = []
    if wish.text is not None:
        runtime.files.put(one.upload_key(), wish.text.encode(), content_type=CONTENT_TYPE)
        told.append(Emit(Event("import.asked", organization_id, id, {"kind": wish.kind}), now))
    create_once(store, one, audited(now, organization_id, actor, "import.asked", id, kind=wish.kind), *told)
    return get(store, Import, organization_id, id)


def upload_of(runtime: Runtime, one: Import) -> Upload | None:
    """The form for the file, as long as one is waited for."""
    if one.status != "uploading":
        return None
    return runtime.files.upload_form(one.upload_key(), content_type=CONTENT_TYPE, max_bytes=MOST_BYTES, lifetime=UPLOAD)


def check_import(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Import:
    """The file is there: the dry run begins. Repeating it changes nothing. Raises NotFound, Conflict."""
    one = get(runtime.store, Import, organization_id, id)
    if one.status != "uploading":
        return one
    if runtime.files.head(one.upload_key()) is None:
        raise Conflict("the file is not uploaded yet")
    return _move(runtime, one, "import.asked", "import.checked", actor, status="checking")


def start_import(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Import:
    """What the dry run accepted is brought in. Repeating it changes nothing.

    Raises NotFound; Conflict before the dry run has ended, and when it accepted nothing.
    """
    one = get(runtime.store, Import, organization_id, id)
    if one.status in ("running", "done"):
        return one
    if one.status != "checked":
        raise Conflict(f"it is {one.status}: only what was checked can be started")
    if not one.checked.get("accepted"):
        raise Conflict("the dry run accepted no row: mend the file and bring it again")
    return _move(
        runtime, one, "import.started", "import.started", actor,
        status="running", started_by=actor, at=0, counts={}, rejected_file=None,
    )  # fmt: skip


def cancel_import(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Import:
    """Ends it where it is: what was brought in stays, the files go. Raises NotFound; Conflict when it is over."""
    one = get(runtime.store, Import, organization_id, id)
    if one.status != "cancelled":
        if one.status not in OPEN:
            raise Conflict(f"it is {one.status}")
        now = runtime.clock.now()
        after = one.changed(now, status="cancelled", finished_at=now, rejected_file=None)
        runtime.store.commit(Change(one, after), audited(now, organization_id, actor, "import.cancelled", id))
    runtime.files.delete(runtime.files.keys(one.folder()))
    return get(runtime.store, Import, organization_id, id)


def _move(runtime: Runtime, one: Import, event: str, action: str, actor: str, **fields: Any) -> Import:
    now, org = runtime.clock.now(), one.organization_id
    audit = audited(now, org, actor, action, one.id, kind=one.kind)
    told = Emit(Event(event, org, one.id, {"kind": one.kind}), now)
    runtime.store.commit(Change(one, one.changed(now, **fields)), audit, told)
    return get(runtime.store, Import, org, one.id)


def _refuse(runtime: Runtime, organization_id: str, wish: Wish) -> None:
    options = wish.options
    if get(runtime.store, Location, organization_id, options.location_id).status != "active":
        raise BadInput("the location is closed", field="location_id")
    if options.connection_id is not None:
        get(runtime.store, Connection, organization_id, options.connection_id)
    elif wish.kind == "past_jobs":
        raise BadInput("past jobs are of a CRM: say which", field="connection_id")
    if options.as_of > runtime.clock.now():
        raise BadInput("is still to come", field="as_of")
