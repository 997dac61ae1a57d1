"""Turns what is known of a pulled record into facts about its job: what was read, and what notifications said.

A snapshot is a level, not an event: it says of every fact whether it holds. Only what differs from what we hold is told
on, so that reading an unchanged record writes nothing that anybody hears of. The caller commits the writes together
with the record, whose read time decides which of two reads is the newer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from moref import people
from moref.intake.apply_notice import job_id, notice_writes
from moref.intake.model import Contact, Fact, Job
from moref.intake.notice import read_notice
from moref.intake.pulled import CrmPart, CrmRecord, part_id
from moref.intake.pulled_facts import Known, desired
from moref.intake.reader import PartRead, Snapshot, status_facts
from moref.intake.telling import location_of
from moref.kernel import codes
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from moref.records import Change, Create, Point, Write
from moref.runtime import Runtime
from moref.tenants.model import Connection

TICK = timedelta(microseconds=1)


def applied(
    runtime: Runtime, connection: Connection, record: CrmRecord, read: Snapshot | None, at: datetime
) -> tuple[Write, ...]:
    """The writes besides the record's own. Without a read: only what notifications said, of a job that we know."""
    org = record.organization_id
    job = runtime.store.find(Job, org, job_id(org, connection.id, record.external_id))
    if job is None and read is None:
        return ()
    parts, writes = _parts(runtime, record, read)
    held = job.facts if job else {}
    facts = desired(Known(record, parts, status_facts(connection), read, at, held, first=job is None))
    told = {
        "at": iso(at),
        "job": {"id": record.external_id, "lead_id": record.lead_id, **_job_news(runtime, record, job, read)},
        "customer": _news(runtime, connection, read) if read else {},
        "facts": [{"kind": fact.kind, "value": fact.value, "at": iso(_after(held, fact))} for fact in facts],
    }
    notice = read_notice(told, max(runtime.clock.now(), at))
    return (*writes, *_points(runtime, record, read), *notice_writes(runtime, connection, record.heard_at, notice))


def _parts(runtime: Runtime, record: CrmRecord, read: Snapshot | None) -> tuple[list[CrmPart], list[Write]]:
    """Parts as they are after the read. A part that is new to us may have been named by a notification before."""
    now, org = runtime.clock.now(), record.organization_id
    writes: list[Write] = []
    wanted: Sequence[PartRead] = read.parts if read else [PartRead(id) for id in record.parts]
    parts: list[CrmPart] = []
    for each in wanted:
        id = part_id(org, record.connection_id, each.external_id)
        before = runtime.store.find(CrmPart, org, id)
        part = before or CrmPart(
            organization_id=org, id=id, created_at=now, updated_at=now, connection_id=record.connection_id,
            external_id=each.external_id,
        )  # fmt: skip
        new: dict[str, Any] = {"record": record.external_id}
        if each.timed:
            new |= {"completed_at": each.completed_at, "closed_at": each.closed_at}
        after = part.changed(now, **new)
        if before is None:
            writes.append(Create(after))
        elif after.data() | {"updated_at": ""} != before.data() | {"updated_at": ""}:
            writes.append(Change(before, after))
        parts.append(after)
    return parts, writes


def _points(runtime: Runtime, record: CrmRecord, read: Snapshot | None) -> list[Write]:
    """The customer's records, so that news of the customer reach them."""
    if read is None or read.customer_id is None:
        return []
    value = f"{record.connection_id}|{read.customer_id}"
    if record.external_id in runtime.store.lookup(record.organization_id, "crm_customer", value):
        return []
    return [Point(record.organization_id, "crm_customer", value, record.external_id)]


def _after(held: Mapping[str, Fact], fact: Fact) -> datetime:
    """A level corrects what was held, whatever time that had."""
    known = held.get(fact.kind)
    return fact.at if known is None else max(fact.at, known.at + TICK)


def _job_news(runtime: Runtime, record: CrmRecord, job: Job | None, read: Snapshot | None) -> dict[str, Any]:
    """Likewise of the branch, which is the customer's as well, and of a referral code that we wrote there ourselves."""
    said = dict(read.job) if read else {}
    code = said.get("referral_code")
    if code and record.note_code and codes.normalise(code) == codes.normalise(record.note_code):
        del said["referral_code"]
    branch = said.get("branch")
    if job and branch and location_of(runtime, job.organization_id, branch) == job.location_id:
        del said["branch"]
    return said


def _news(runtime: Runtime, connection: Connection, read: Snapshot) -> dict[str, Any]:
    """What the read says of the customer and we do not hold already: hearing the same again is no news to anybody."""
    org, said = connection.organization_id, dict(read.customer)
    known = runtime.store.lookup(org, "crm_contact", f"{connection.id}|{read.customer_id}")
    contact = runtime.store.find(Contact, org, known[0]) if known else None
    if contact is None:
        return said
    normal = {"phone": people.phone, "email": people.email}
    return {
        name: value
        for name, value in said.items()
        if name == "id" or _normal(normal.get(name), value) != getattr(contact, name, None)
    }


def _normal(read: Any, value: Any) -> Any:
    try:
        return read(value) if read and value else value
    except BadInput:
        return value
