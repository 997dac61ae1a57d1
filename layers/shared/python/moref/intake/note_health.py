"""Notes what became of a CRM's webhook, so that staff see whether a connection works.

A busy CRM changes the row once a minute at most, unless something else became of the webhook than of the one before.
"""

from datetime import timedelta
from typing import Any, Literal

from moref.intake.model import ConnectionHealth, InboxEvent
from moref.kernel.errors import Conflict
from moref.records import Change, Create
from moref.runtime import Runtime

EVERY = timedelta(minutes=1)


def note_health(
    runtime: Runtime, event: InboxEvent, became: Literal["handled", "ignored", "quarantined"], reason: str | None
) -> None:
    """Harmless when repeated or lost: whoever was there in between has noted something as new."""
    store, now = runtime.store, runtime.clock.now()
    before = store.find(ConnectionHealth, event.organization_id, event.connection_id)
    fields: dict[str, Any] = {"received_at": event.created_at, "became": became, "reason": reason}
    if became == "quarantined":
        fields |= {"failed_at": event.created_at, "failure": reason}
    if before is not None:
        same = (before.became, before.reason) == (became, reason)
        if event.created_at < before.received_at + (EVERY if same else timedelta(0)):
            return
    try:
        if before is None:
            row = ConnectionHealth(
                organization_id=event.organization_id, id=event.connection_id, created_at=now, updated_at=now, **fields
            )  # fmt: skip
            store.commit(Create(row))
        else:
            store.commit(Change(before, before.changed(now, **fields)))
    except Conflict:
        return
