"""Staff ask for a copy: of all that is held of one person, or of everything that the organization owns.

It is written slice by slice on the event; whoever may have it gets links that end after some hours.
"""

from collections.abc import Callable
from datetime import timedelta

from moref.events import Event
from moref.intake.model import Contact
from moref.kernel.errors import Conflict, Forbidden
from moref.privacy.model import Export
from moref.records import Emit, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

LINKS = timedelta(hours=4)


def ask_export(runtime: Runtime, organization_id: str, id: str, *, contact_id: str | None = None, actor: str) -> Export:
    """Without a contact the organization's. The same id again is the same export. Raises NotFound, Conflict of somebody
    who was erased."""
    if contact_id is not None and get(runtime.store, Contact, organization_id, contact_id).erased_at is not None:
        raise Conflict("nothing is held of this person any more")
    now = runtime.clock.now()
    of = "person" if contact_id else "organization"
    made = Export(organization_id=organization_id, id=id, created_at=now, updated_at=now, of=of, contact_id=contact_id,
                  requested_by=actor)  # fmt: skip
    create_once(
        runtime.store, made,
        audited(now, organization_id, actor, f"{of}.exported", contact_id or organization_id, export=id),
        Emit(Event("export.asked", organization_id, id, {"of": of}), now),
    )  # fmt: skip
    return get(runtime.store, Export, organization_id, id)


def links(
    runtime: Runtime, organization_id: str, id: str, *, may_have_all: Callable[[], bool], actor: str
) -> list[tuple[str, str]]:
    """(file, link). Each time is audited. Raises NotFound; Forbidden; Conflict unless its files are there."""
    export = get(runtime.store, Export, organization_id, id)
    if export.of == "organization" and not may_have_all():
        raise Forbidden("the organization's export is for its owners")
    if export.status != "ready":
        raise Conflict("it is being written" if export.status == "running" else "its files are gone: ask for another")
    now = runtime.clock.now()
    runtime.store.commit(audited(now, organization_id, actor, "export.downloaded", id))
    return [
        (file.name, runtime.files.download_link(file_key(export, file.name), filename=file.name, lifetime=LINKS))
        for file in export.files
    ]


def file_key(export: Export, name: str) -> str:
    return f"{folder(export)}{name}"


def folder(export: Export) -> str:
    return f"{export.organization_id}/exports/{export.id}/"


def forget_files(runtime: Runtime, row: Export) -> None:
    runtime.files.delete(runtime.files.keys(folder(row)))
