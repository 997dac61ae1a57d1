"""Reads a dirty record of a CRM once and brings what it says into our state.

A claim comes first: it counts the calls, names the dirty version that the read will cover, and keeps other workers from
reading the same. The source time of what is read is when the read began; a read that comes back after a newer one is
counted and not applied. The record is clean again only if nothing was heard of it meanwhile.
"""

from datetime import datetime, timedelta
from typing import Any

from moref.intake import call_budget
from moref.intake.apply_pulled import applied
from moref.intake.mark_dirty import pull_command
from moref.intake.pulled import CrmRecord, record_id
from moref.intake.reader import Open, Snapshot, open_reader, status_facts
from moref.intake.write_back import look_later
from moref.kernel.errors import Conflict, Failure, NeedsPerson, NotFound, Retry
from moref.kernel.names import INBOX
from moref.records import Change, Emit, Write, get
from moref.runtime import Runtime
from moref.tenants.model import Connection

TRIES = 8
LEASE = timedelta(seconds=60)  # twice a worker's time
AGAIN = timedelta(seconds=10)
BACKOFF = (10, 60, 300, 900)  # seconds after reads without an answer; the last one repeats
LONGEST = timedelta(seconds=900)  # SQS holds a message back no longer
GONE_AFTER = 3  # reads in a row in which the CRM said that it knows no such record


def pull(
    runtime: Runtime, organization_id: str, connection_id: str, external_id: str, *, open: Open = open_reader
) -> None:
    """Harmless when repeated: a clean record costs nothing. Raises Conflict when too many races were lost."""
    connection = get(runtime.store, Connection, organization_id, connection_id)
    claimed = _claim(runtime, connection, external_id)
    if claimed is None:
        return
    began = runtime.clock.now()
    try:
        read = open(runtime, connection).read(external_id, _wants_parts(claimed), connection.config)
    except (Failure, NotFound) as failure:
        _failed(runtime, connection, claimed, failure)
        return
    _apply(runtime, connection, claimed, read, began)


def _claim(runtime: Runtime, connection: Connection, external_id: str) -> CrmRecord | None:
    """The record as claimed; None when there is nothing to read, or not now."""
    for _ in range(TRIES):
        now = runtime.clock.now()
        record = _find(runtime, connection, external_id)
        if record is None or record.status == "clean" or connection.status != "active":
            return None
        if record.reading_until is not None and record.reading_until > now:
            return None  # whoever reads will see that the version has moved on
        budget = call_budget.current(runtime, connection)
        use: call_budget.Use = "status" if record.urgent else "detail"
        calls = 1 + _wants_parts(record)
        if not call_budget.allows(budget, use, calls, now):
            _without_reading(runtime, connection, record)
            return None
        claimed = record.changed(now, reading_until=now + LEASE, wake_at=None)
        try:
            runtime.store.commit(Change(record, claimed), call_budget.spending(budget, calls, now))
        except Conflict:
            continue
        return _find(runtime, connection, external_id)
    raise Conflict("the record is being read by others")


def _wants_parts(record: CrmRecord) -> bool:
    """The parts' own times cost a second call: only when something about the status was heard."""
    return record.urgent


def _without_reading(runtime: Runtime, connection: Connection, record: CrmRecord) -> None:
    """No calls left for it: what notifications said is applied, and the record waits, dirty, for the sweep."""
    runtime.metrics.count("crm_read_put_off")
    for _ in range(TRIES):
        now = runtime.clock.now()
        budget = call_budget.current(runtime, connection)
        paused = budget.paused_until is not None and budget.paused_until > now
        wait = min(budget.paused_until - now, LONGEST) if budget.paused_until and paused else None
        after = record.changed(now, wake_at=now + wait if wait else None)
        writes = applied(runtime, connection, after, None, now)
        try:
            runtime.store.commit(Change(record, after), *writes, call_budget.putting_off(budget, now))
        except Conflict:
            record = _find(runtime, connection, record.external_id) or record
            continue
        if wait:
            _wake(runtime, after, wait)
        return
    raise Conflict("the record is being changed by others")


def _apply(runtime: Runtime, connection: Connection, claimed: CrmRecord, read: Snapshot, began: datetime) -> None:
    for _ in range(TRIES):
        now = runtime.clock.now()
        record = _find(runtime, connection, claimed.external_id) or claimed
        unchanged = record.dirty == claimed.dirty
        after = record.changed(
            now, reading_until=None, failures=0, reason=None, urgent=record.urgent and not unchanged,
            status="clean" if unchanged else "dirty", wake_at=None if unchanged else now + AGAIN,
        )  # fmt: skip
        if record.read_at is not None and record.read_at > began:
            after = after.changed(now, older_reads=record.older_reads + 1)
            writes: tuple[Write, ...] = ()
        else:
            after = _as_read(connection, after, read, began)
            writes = applied(runtime, connection, after, read, began)
        budget = call_budget.answered(call_budget.current(runtime, connection), now)
        try:
            runtime.store.commit(Change(record, after), *writes, *budget)
        except Conflict:
            continue
        if not unchanged:
            _wake(runtime, after, AGAIN)
        if any(isinstance(write, Emit) for write in writes):
            look_later(runtime, after)
        return
    raise Conflict("the record is being changed by others")


def _as_read(connection: Connection, record: CrmRecord, read: Snapshot, began: datetime) -> CrmRecord:
    """A status that came in by a notification after the read began is newer than the read."""
    known: dict[str, Any] = {"read_at": began, "customer_id": read.customer_id}
    known["parts"] = [part.external_id for part in read.parts]
    if record.code_at is None or record.code_at <= began:
        known |= {"code": read.code, "code_at": began}
    if record.deleted_at is not None and record.deleted_at <= began:
        known["deleted_at"] = None  # it is there, after all
    done = "completed" in status_facts(connection).get(read.code, ())
    known["unpaid"] = done and read.paid < (read.charged or read.estimate or 0)
    return record.changed(record.updated_at, **known)


def _failed(runtime: Runtime, connection: Connection, claimed: CrmRecord, failure: Exception) -> None:
    """Not by the queue's redelivery, which is for crashes: the record stays dirty and is woken later."""
    runtime.metrics.count("crm_read_failed")
    refused = isinstance(failure, NeedsPerson) or (isinstance(failure, Retry) and failure.seconds is not None)
    if refused:
        call_budget.pause(runtime, connection, str(failure), getattr(failure, "seconds", None))
    for _ in range(TRIES):
        now = runtime.clock.now()
        record = _find(runtime, connection, claimed.external_id) or claimed
        failures = record.failures + 1
        wait = timedelta(seconds=BACKOFF[min(failures, len(BACKOFF)) - 1])
        after = record.changed(now, reading_until=None, failures=failures, reason=str(failure), wake_at=now + wait)
        gone = isinstance(failure, NotFound) and (failures >= GONE_AFTER or record.deleted_at is not None)
        if gone:
            after = after.changed(now, status="gone", wake_at=None)
        writes = applied(runtime, connection, after, None, now) if gone else ()
        try:
            runtime.store.commit(Change(record, after), *writes)
        except Conflict:
            continue
        if not gone:
            _wake(runtime, after, wait)
        return
    raise Conflict("the record is being changed by others")


def _wake(runtime: Runtime, record: CrmRecord, wait: timedelta) -> None:
    command = pull_command(record.organization_id, record.connection_id, record.external_id)
    runtime.queues.send(INBOX, command, delay_seconds=int(wait.total_seconds()))


def _find(runtime: Runtime, connection: Connection, external_id: str) -> CrmRecord | None:
    id = record_id(connection.organization_id, connection.id, external_id)
    return runtime.store.find(CrmRecord, connection.organization_id, id)
