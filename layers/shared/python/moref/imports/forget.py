"""Once an hour: files of imports whose time is over. Rejected rows go three days after the import has ended; what
nobody started goes after thirty."""

from moref.imports.model import REJECTED_KEPT, STARTED_WITHIN, Import, Status
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import Change, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Hook

FORGET = "import.forget"
LOOKED_BACK = REJECTED_KEPT * 4  # a look that is lost is sent again; what is older has had hundreds
_NEVER_STARTED: tuple[Status, ...] = ("uploading", "checked")
WORDS = "nobody started it within 30 days: its files are gone"


def sweep_imports(runtime: Runtime) -> int:
    """Sends a look at each whose time is over; how many."""
    now, sent = runtime.clock.now(), 0
    for org in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        ended = every(
            runtime.store, Import, org, status="done", since=now - LOOKED_BACK, until=now - REJECTED_KEPT
        )  # fmt: skip
        late = [one for one in ended if one.rejected_file]
        for status in _NEVER_STARTED:
            late += every(runtime.store, Import, org, status=status, until=now - STARTED_WITHIN)
        for one in late:
            runtime.queues.send(BULK, {"command": FORGET, "organization_id": org, "subject": one.id})
            sent += 1
    return sent


def forget_import(runtime: Runtime, organization_id: str, id: str) -> None:
    """Before its time: nothing. The files first, so that none stays without its row saying so. Raises NotFound;
    Conflict when it is started in this moment."""
    one, now = get(runtime.store, Import, organization_id, id), runtime.clock.now()
    if one.rejected_until is not None and now >= one.rejected_until:
        runtime.files.delete(runtime.files.keys(one.folder()))
        runtime.store.commit(Change(one, one.changed(now, rejected_file=None)))
    elif one.status in _NEVER_STARTED and now >= one.updated_at + STARTED_WITHIN:
        ended = one.changed(now, status="cancelled", reason=WORDS, rejected_file=None, finished_at=now)
        said = audited(now, organization_id, "policy", "import.cancelled", id)
        runtime.store.commit(Change(one, ended), said)
        runtime.files.delete(runtime.files.keys(one.folder()))
