"""Brings what a CRM told of a job into our state: contact, job and the event that tells of it, in one commit.

The order in which notices arrive makes no difference, and neither do copies: each fact and each field keeps the newest
source time (see derive.py), and a notice that says nothing new writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moref import people
from moref.events import Event
from moref.intake import derive
from moref.intake.mark_dirty import mark_dirty
from moref.intake.model import Consent, Contact, InboxEvent, Job
from moref.intake.notice import JobNotice, read_notice
from moref.intake.pulled import Signal
from moref.intake.resolve_contact import CRM, resolve_contact
from moref.kernel import codes, ids, plugins
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Emit, Point, Write, every, get
from moref.runtime import Runtime
from moref.tenants.model import Connection, Location

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
    "interstate",
)
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
    apply_notice(runtime, event, read_notice(parsed, runtime.clock.now()))
    return None


def apply_notice(runtime: Runtime, event: InboxEvent, notice: JobNotice) -> None:
    connection = get(runtime.store, Connection, event.organization_id, event.connection_id)
    for _ in range(TRIES):
        writes = notice_writes(runtime, connection, event.created_at, notice)
        if not writes:
            return
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue  # a copy, or another notice of the same job or person, was first: look again
        return
    raise Conflict("the job is being changed by others")


def notice_writes(runtime: Runtime, connection: Connection, heard_at: datetime, notice: JobNotice) -> tuple[Write, ...]:
    """What to commit so that the job is as the notice says; none when it says nothing new. On Conflict: ask again."""
    return _writes(runtime, _read(runtime, connection, heard_at, notice))


@dataclass(frozen=True, slots=True)
class _Telling:
    """A notice with its words turned into ours."""

    organization_id: str
    connection: Connection
    job_id: str
    heard_at: datetime
    notice: JobNotice
    location_id: str | None  # None: the notice names no branch that we know
    phone: str | None
    email: str | None
    consent: Consent | None
    referral_code: str | None
    notes: list[str] = field(default_factory=list)


def job_id(organization_id: str, connection_id: str, external_id: str) -> str:
    return ids.derived("job", organization_id, connection_id, external_id)


def _read(runtime: Runtime, connection: Connection, heard_at: datetime, notice: JobNotice) -> _Telling:
    notes: list[str] = []
    customer, job, org = notice.customer, notice.job, connection.organization_id
    phone = _usable(people.phone, customer.phone, "the phone number cannot be dialled and was left out", notes)
    email = _usable(people.email, customer.email, "the e-mail address cannot be one and was left out", notes)
    consent = None
    if customer.sms_consent is not None:
        said = customer.sms_consent
        consent = Consent(channel="sms", text=said.text, at=said.at, source=said.source)
    code = codes.normalise(job.referral_code) if job.referral_code else None
    if job.referral_code and code is None:
        notes.append("the referral code cannot be one and was left out")
    location_id = location_of(runtime, org, job.branch) if job.branch else None
    if job.branch and location_id is None:
        notes.append("the branch is not known to us: the default location was used")
    return _Telling(
        organization_id=org,
        connection=connection,
        job_id=job_id(org, connection.id, job.id),
        heard_at=heard_at,
        notice=notice,
        location_id=location_id,
        phone=phone,
        email=email,
        consent=consent,
        referral_code=code,
        notes=notes,
    )


def _usable(read: Any, text: str | None, note: str, notes: list[str]) -> str | None:
    """One bad address must not cost us the job."""
    if not text:
        return None
    try:
        return str(read(text))
    except BadInput:
        notes.append(note)
        return None


def location_of(runtime: Runtime, organization_id: str, branch: str) -> str | None:
    """By the CRM's name for it, else by ours; letter case does not matter."""
    wanted = branch.casefold()
    locations = sorted(every(runtime.store, Location, organization_id), key=lambda location: location.id)
    by_crm = {(location.crm_branch or "").strip().casefold(): location.id for location in reversed(locations)}
    by_name = {location.name.strip().casefold(): location.id for location in reversed(locations)}
    return by_crm.get(wanted) or by_name.get(wanted)


def _writes(runtime: Runtime, telling: _Telling) -> tuple[Write, ...]:
    before = runtime.store.find(Job, telling.organization_id, telling.job_id)
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
    return writes


def _contact(runtime: Runtime, telling: _Telling, before: Job | None) -> tuple[Contact, tuple[Write, ...]]:
    customer = telling.notice.customer
    return resolve_contact(
        runtime,
        telling.organization_id,
        location_id=telling.location_id or telling.connection.default_location_id,
        branch_said=telling.location_id is not None,
        connection_id=telling.connection.id,
        external_id=customer.id,
        first_name=customer.first_name,
        last_name=customer.last_name,
        phone=telling.phone,
        email=telling.email,
        phone_kind=customer.phone_kind,
        consent=telling.consent,
        source=CRM,
        at=telling.notice.at,
        otherwise=before.contact_id if before else ids.derived("con", telling.organization_id, "job", telling.job_id),
    )


def _job(runtime: Runtime, telling: _Telling, contact: Contact, before: Job | None) -> Job:
    """The job after the notice; `before` itself when it says nothing new."""
    notice, now = telling.notice, runtime.clock.now()
    job = before or Job(
        organization_id=telling.organization_id,
        id=telling.job_id,
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


def _told(telling: _Telling, contact: Contact) -> Mapping[str, Any]:
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
        "interstate": job.interstate,
    }


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
