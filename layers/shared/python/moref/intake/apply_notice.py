"""Brings what a CRM told of a job into our state: contact, job and the event that tells of it, in one commit.

The order in which notices arrive makes no difference, and neither do copies: each fact and each field keeps the newest
source time (see derive.py), and a notice that says nothing new writes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moref.events import Event
from moref.intake import derive
from moref.intake.find_contact import CRM
from moref.intake.mark_dirty import mark_dirty
from moref.intake.model import ERASED, Contact, InboxEvent, Job
from moref.intake.notice import JobNotice, read_notice
from moref.intake.pulled import Signal
from moref.intake.resolve_contact import resolve_contact
from moref.intake.telling import Telling, read
from moref.kernel import ids, plugins
from moref.kernel.errors import Conflict
from moref.records import Change, Create, Emit, Point, Write, get
from moref.runtime import Runtime
from moref.tenants.model import Connection

TRIES = 5
CRM_PACKAGE = "moref.intake.crm"
_TOLD_BY_NEWEST = (
    "location_id",
    "contact_id",
    "currency",
    "origin",
    "destination",
    "lead_id",
    "referral_code",
    "referred_by",
    "source",
    "job_type",
    "interstate",
)
_OF_THE_PERSON = ("origin", "destination", "referred_by", "source")  # not kept of somebody who was erased
_SILENT = ("known_at", "notes", "received_at", "updated_at")  # nobody acts on a change of these


def receive(runtime: Runtime, event: InboxEvent, body: bytes) -> str | None:
    """Works on one stored webhook of a CRM. A text is why it was ignored.

    Raises BadInput or Malformed on what cannot be used (quarantine), Conflict when five races were lost.
    """
    adapter = plugins.load(CRM_PACKAGE, event.source.removeprefix("crm:"))
    parsed = adapter.parse(body, event.headers)
    if parsed is None:
        return "not an event about a job"
    if getattr(adapter, "THIN", False):
        return mark_dirty(runtime, event, Signal(**parsed))
    return apply_notice(runtime, event, read_notice(parsed, runtime.clock.now()))


def apply_notice(runtime: Runtime, event: InboxEvent, notice: JobNotice) -> str | None:
    """ERASED when it speaks of somebody who was erased."""
    connection = get(runtime.store, Connection, event.organization_id, event.connection_id)
    for _ in range(TRIES):
        contact, writes = _writes(runtime, read(runtime, connection, event.created_at, notice))
        try:
            if writes:
                runtime.store.commit(*writes)
        except Conflict:
            continue  # a copy, or another notice of the same job or person, was first: look again
        return None if contact.erased_at is None else ERASED
    raise Conflict("the job is being changed by others")


def notice_writes(runtime: Runtime, connection: Connection, heard_at: datetime, notice: JobNotice) -> tuple[Write, ...]:
    """What to commit so that the job is as the notice says; none when it says nothing new. On Conflict: ask again."""
    return _writes(runtime, read(runtime, connection, heard_at, notice))[1]


def job_id(organization_id: str, connection_id: str, external_id: str) -> str:
    return ids.derived("job", organization_id, connection_id, external_id)


def _writes(runtime: Runtime, telling: Telling) -> tuple[Contact, tuple[Write, ...]]:
    """Whose job it is, and what to commit."""
    before = runtime.store.find(Job, telling.organization_id, _id(telling))
    contact, contact_writes = _contact(runtime, telling, before)
    job = _job(runtime, telling, contact, before)
    writes: tuple[Write, ...]
    if before is None:
        writes = (*contact_writes, Create(job))
    elif job is not before:
        writes = (*contact_writes, Change(before, job))
    else:
        writes = contact_writes
    lead_id = telling.notice.job.lead_id  # also one that a newer notice has replaced: it was this job's once
    if lead_id and job.id not in runtime.store.lookup(job.organization_id, "job_lead", lead_id):
        writes = (*writes, Point(job.organization_id, "job_lead", lead_id, job.id))
    if contact_writes or before is None or _matters(before, job):
        writes = (*writes, Emit(_event(before, job), runtime.clock.now()))
    return contact, writes


def _id(telling: Telling) -> str:
    return job_id(telling.organization_id, telling.connection.id, telling.notice.job.id)


def _contact(runtime: Runtime, telling: Telling, before: Job | None) -> tuple[Contact, tuple[Write, ...]]:
    customer = telling.notice.customer
    return resolve_contact(
        runtime,
        telling.organization_id,
        location_id=telling.location_id or telling.connection.default_location_id,
        branch_said=telling.location_id is not None,
        connection_id=telling.connection.id,
        external_id=customer.id,
        same_as=customer.same_as,
        first_name=customer.first_name,
        last_name=customer.last_name,
        phone=telling.phone,
        email=telling.email,
        phone_kind=customer.phone_kind,
        language=customer.language,
        consent=telling.consent,
        source=CRM,
        at=telling.notice.at,
        household_keys=telling.household_keys,
        otherwise=before.contact_id if before else ids.derived("con", telling.organization_id, "job", _id(telling)),
    )


def _job(runtime: Runtime, telling: Telling, contact: Contact, before: Job | None) -> Job:
    """The job after the notice; `before` itself when it says nothing new."""
    notice, now = telling.notice, runtime.clock.now()
    job = before or Job(
        organization_id=telling.organization_id,
        id=_id(telling),
        created_at=now,
        updated_at=now,
        connection_id=telling.connection.id,
        external_id=notice.job.id,
        location_id=telling.location_id or telling.connection.default_location_id,
        contact_id=contact.id,
        received_at=telling.heard_at,
    )
    known = {name: getattr(job, name) for name in _TOLD_BY_NEWEST}
    fields, known_at = derive.newest(known, job.known_at, _told(telling, contact), notice.at)
    facts = derive.merge_facts(job.facts, (fact.fact() for fact in notice.facts))
    new = {
        **fields,
        "known_at": known_at,
        "facts": facts,
        "state": derive.state(facts),
        "received_at": min(job.received_at, telling.heard_at),
        "notes": sorted({*job.notes, *telling.notes}),
    }
    if all(getattr(job, name) == value for name, value in new.items()):
        return job
    return job.changed(now, **new)


def _told(telling: Telling, contact: Contact) -> Mapping[str, Any]:
    job, customer = telling.notice.job, telling.notice.customer
    return {
        "location_id": telling.location_id,
        # A notice that names nobody does not say whose job it is.
        "contact_id": contact.id if customer.id or telling.phone or telling.email else None,
        "currency": job.currency,
        "origin": job.origin.address() if job.origin else None,
        "destination": job.destination.address() if job.destination else None,
        "lead_id": job.lead_id,
        "referral_code": telling.referral_code,
        "referred_by": telling.referred_by,
        "source": telling.source,
        "job_type": job.type,
        "interstate": job.interstate,
    } | (dict.fromkeys(_OF_THE_PERSON) if contact.erased_at is not None else {})


def _matters(before: Job, after: Job) -> bool:
    old, new = before.data(), after.data()
    return any(old[name] != new[name] for name in new if name not in _SILENT)


def _event(before: Job | None, job: Job) -> Event:
    data = {
        "state": job.state,
        "previous_state": before.state if before else None,
        "job_version": (before.version if before else 0) + 1,
    }
    return Event("job.changed", job.organization_id, job.id, data)
