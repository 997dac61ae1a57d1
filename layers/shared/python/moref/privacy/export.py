"""On export.asked, slice by slice: writes what was asked for, says when it is ready, and removes it when its time is
over. Every slice is harmless when repeated."""

from moref.kernel.errors import Conflict
from moref.kernel.names import BULK
from moref.privacy.ask_export import forget_files
from moref.privacy.export_organization import ORDER, export_page
from moref.privacy.export_person import export_person
from moref.privacy.export_webhooks import AT_ONCE, export_webhooks
from moref.privacy.model import Export
from moref.privacy.sweep import EXPORT_WORK, EXPORTS_KEPT, export_command
from moref.records import Change, get
from moref.runtime import Runtime

SLICE = 2000  # rows, or so many nouns without any: well within the function's time


def export(runtime: Runtime, organization_id: str, id: str) -> None:
    """Raises NotFound; Conflict when another copy of the message was faster: its slice is the same."""
    row = get(runtime.store, Export, organization_id, id)
    if row.status != "running":
        return
    page, pages, after = export_page, len(ORDER), row
    if row.of == "person":
        page, pages, after = export_webhooks, AT_ONCE, _of_person(runtime, row)
    for _ in range(pages):
        after = after.changed(runtime.clock.now(), **page(runtime, after))
        if after.at_noun is None or after.rows - row.rows >= SLICE:
            break
    _commit(runtime, row, after)
    if after.at_noun is not None:
        runtime.queues.send(BULK, export_command(after, EXPORT_WORK))


def _of_person(runtime: Runtime, row: Export) -> Export:
    """What stands in rows first; the webhooks come after it."""
    if row.at_noun is not None:
        return row
    file = export_person(runtime, row)
    return row.changed(runtime.clock.now(), files=[file], rows=file.rows)


def remove(runtime: Runtime, organization_id: str, id: str) -> None:
    """The files of an export whose time is over."""
    row = get(runtime.store, Export, organization_id, id)
    now = runtime.clock.now()
    if row.status == "gone" or row.gone_at is None or now < row.gone_at:
        return
    forget_files(runtime, row)
    runtime.store.commit(Change(row, row.changed(now, status="gone", files=[])))


def _commit(runtime: Runtime, before: Export, after: Export) -> None:
    now = runtime.clock.now()
    if after.at_noun is None:
        after = after.changed(now, status="ready", ready_at=now, gone_at=now + EXPORTS_KEPT)
    try:
        runtime.store.commit(Change(before, after))
    except Conflict:
        found = get(runtime.store, Export, before.organization_id, before.id)
        if found.version == before.version:
            raise
