"""A thin notification came: the record it is about is dirty, and somebody will look at it some seconds later.

What the notification itself says (a status, billing locked or reopened) is kept with its source time, which is when it
came in; the read that follows says the rest. A burst costs one wake-up: while one is on its way no other is sent, and
what came in before the newest read began is covered by that read.
"""

from datetime import datetime, timedelta
from typing import Any

from moref.intake.model import InboxEvent
from moref.intake.pulled import CrmPart, CrmRecord, Signal, part_id, record_id
from moref.kernel.errors import Conflict
from moref.kernel.names import INBOX
from moref.records import Change, Create, Write
from moref.runtime import Runtime

TRIES = 8  # a burst about one record: every one of them changes it
DELAY = timedelta(seconds=10)  # bursts of one edit in the CRM's screens end well within
SETTLED = timedelta(seconds=2)  # a read that began this long after a notification came has seen what it tells of
UNPAID_LOOKED_AT = 200  # newest records among which a payment's may be
MOST_RECORDS = 20  # of one notification


def mark_dirty(runtime: Runtime, event: InboxEvent, signal: Signal) -> str | None:
    """Why nothing is to be read, or None. Raises Conflict when the record is too busy: the message comes again."""
    records = _records(runtime, event, signal)
    for external_id in records[:MOST_RECORDS]:
        _mark(runtime, event, signal, external_id)
    if records:
        return None
    if signal.part is not None:
        return "its opportunity is not known yet: kept until a read names it"
    return "it names nothing that we know"


def raise_version(runtime: Runtime, organization_id: str, connection_id: str, external_id: str, at: datetime) -> None:
    """The record may have changed: for polls and other finds that no webhook told of."""
    event = _Heard(organization_id, connection_id, at)
    _mark(runtime, event, Signal(event="found"), external_id)


class _Heard:
    """The part of a webhook that matters here."""

    __slots__ = ("connection_id", "created_at", "organization_id")

    def __init__(self, organization_id: str, connection_id: str, created_at: datetime) -> None:
        self.organization_id = organization_id
        self.connection_id = connection_id
        self.created_at = created_at


def pull_command(organization_id: str, connection_id: str, external_id: str) -> dict[str, Any]:
    return {
        "command": "pull", "organization_id": organization_id, "connection_id": connection_id, "record": external_id
    }  # fmt: skip


def _records(runtime: Runtime, event: InboxEvent, signal: Signal) -> list[str]:
    org, connection = event.organization_id, event.connection_id
    if signal.record is not None:
        return [signal.record]
    if signal.part is not None:
        part = _keep_part(runtime, event, signal, signal.part)
        return [part.record] if part.record else []
    if signal.customer is not None:
        return runtime.store.lookup(org, "crm_customer", f"{connection}|{signal.customer}")
    if signal.unpaid:
        newest = runtime.store.list(CrmRecord, org, parent=connection, limit=UNPAID_LOOKED_AT).items
        return [record.external_id for record in newest if record.unpaid]
    return []


def _keep_part(runtime: Runtime, event: InboxEvent, signal: Signal, external_id: str) -> CrmPart:
    """The part with what was said of it. When its record is known, the record's own commit follows."""
    org, connection, at, now = event.organization_id, event.connection_id, event.created_at, runtime.clock.now()
    for _ in range(TRIES):
        before = runtime.store.find(CrmPart, org, part_id(org, connection, external_id))
        part = before or CrmPart(
            organization_id=org, id=part_id(org, connection, external_id), created_at=now, updated_at=now,
            connection_id=connection, external_id=external_id,
        )  # fmt: skip
        new: dict[str, Any] = {}
        if signal.settled is not None and _newer(at, part.settled_at):
            new |= {"settled": signal.settled, "settled_at": at}
        if signal.deleted and _newer(at, part.deleted_at):
            new["deleted_at"] = at
        if before is not None and not new:
            return before
        part = part.changed(now, **new)
        try:
            runtime.store.commit(Create(part) if before is None else Change(before, part))
        except Conflict:
            continue
        return part
    raise Conflict("the part is being changed by others")


def _mark(runtime: Runtime, event: InboxEvent | _Heard, signal: Signal, external_id: str) -> None:
    org, connection = event.organization_id, event.connection_id
    for _ in range(TRIES):
        now = runtime.clock.now()
        before = runtime.store.find(CrmRecord, org, record_id(org, connection, external_id))
        if before is not None and _covered(before, signal, event.created_at):
            return
        wakes = before is None or before.wake_at is None or before.wake_at <= now
        record = _raised(before, event, signal, external_id, now)
        if wakes:
            record = record.changed(now, wake_at=now + DELAY)
        write: Write = Create(record) if before is None else Change(before, record)
        try:
            runtime.store.commit(write)
        except Conflict:
            continue
        if wakes:
            command = pull_command(org, connection, external_id)
            runtime.queues.send(INBOX, command, delay_seconds=int(DELAY.total_seconds()))
        return
    raise Conflict("the record is being changed by others")


def _covered(record: CrmRecord, signal: Signal, at: datetime) -> bool:
    """What a notification says of a part counts beside the read, so it has to be looked at once more."""
    of_part = signal.part is not None and (signal.deleted or signal.settled is not None)
    return not of_part and record.read_at is not None and at + SETTLED <= record.read_at


def _raised(
    before: CrmRecord | None, event: InboxEvent | _Heard, signal: Signal, external_id: str, now: datetime
) -> CrmRecord:
    org, connection, at = event.organization_id, event.connection_id, event.created_at
    record = before or CrmRecord(
        organization_id=org, id=record_id(org, connection, external_id), created_at=now, updated_at=now,
        connection_id=connection, external_id=external_id, heard_at=at,
    )  # fmt: skip
    new: dict[str, Any] = {
        "status": "dirty",
        "dirty": record.dirty + 1,
        "urgent": record.urgent or signal.urgency == "status",
        "heard_at": min(record.heard_at, at),
    }
    if signal.code is not None and _newer(at, record.code_at):
        new |= {"code": signal.code, "code_at": at}
    if signal.deleted and signal.part is None and _newer(at, record.deleted_at):
        new["deleted_at"] = at
    return record.changed(now, **new)


def _newer(at: datetime, known: datetime | None) -> bool:
    return known is None or at > known
