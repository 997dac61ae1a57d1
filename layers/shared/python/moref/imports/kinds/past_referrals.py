"""Referrals that another system or a list kept, with their day as evidence.

`open`: the friend has not become a customer yet, or was not rewarded; it goes on here as any referral does. `rewarded`
and `lost` are history: kept for explanations and claims, and they earn nothing here, or a friend would be paid for
twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moref.csv_table import Cells
from moref.imports import cells as cell
from moref.imports.model import Outcome
from moref.imports.persons import TRIES, Person, columns, contact_of, person
from moref.imports.table import Frame, KindOf, about
from moref.intake.apply_notice import job_id
from moref.intake.model import Contact, Job
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Point, Write
from moref.referrals.attribution import with_evidence
from moref.referrals.ensure_link import ensure_link
from moref.referrals.evidence import referral_id
from moref.referrals.model import Evidence, Link, Referral
from moref.referrals.recognise import LOOKUP, ways
from moref.referrals.track_job import track_job

STATES = ("open", "rewarded", "lost")
REWARDED = "rewarded before, outside of Mo-ref: nothing more is earned by it"
LOST = "lost before the import"
COLUMNS: dict[str, Sequence[str]] = {
    "external_id": ("referral id", "id"),
    **columns("advocate"),
    **columns("friend"),
    "referred_at": ("referral date", "referred on"),
    "status": ("state",),
    "job_id": ("job number", "friend job id"),
    "location": ("branch",),
}
REQUIRED = (("advocate_phone", "advocate_email"), ("friend_phone", "friend_email"), ("referred_at",), ("status",))


@dataclass(frozen=True, slots=True)
class Row:
    advocate: Person
    friend: Person
    referred_at: datetime
    state: str
    job: str | None  # the CRM's id of the friend's job
    location_id: str
    source: str  # the same for the same row in any file


def read(frame: Frame, cells: Cells) -> Row:
    advocate, friend, place = person(cells, "advocate_"), person(cells, "friend_"), frame.location(cells)
    if (advocate.phone, advocate.email) == (friend.phone, friend.email):
        raise BadInput("nobody refers themselves", field="friend_phone")
    referred_at = cell.instant(cells, "referred_at", place.time_zone, frame.now, needed=True)
    job = cell.text(cells, "job_id", 200) or None
    if job is not None and frame.connection is None:
        raise BadInput("job ids are of a CRM: say which when the import is made (connection_id)", field="job_id")
    external = cell.text(cells, "external_id", 200)
    own = (external,) if external else (*advocate.key(), *friend.key(), str(referred_at))
    return Row(
        advocate=advocate, friend=friend, referred_at=referred_at or frame.now, job=job, location_id=place.id,
        state=cell.one_of(cells, "status", STATES), source=ids.derived("import", frame.organization_id, *own),
    )  # fmt: skip


def bring(frame: Frame, row: Row) -> Outcome:
    store, org = frame.runtime.store, frame.organization_id
    job = _job(frame, row)
    advocate = contact_of(frame, row.advocate, row.location_id)
    friend = contact_of(frame, row.friend, row.location_id)
    if advocate.id == friend.id:
        raise BadInput("advocate and friend are one person", field="friend_phone")
    link = ensure_link(frame.runtime, org, advocate.id, row.location_id)
    for _ in range(TRIES):
        before = store.find(Referral, org, referral_id(org, link.advocate_id, friend.id))
        after = _after(frame, row, before, link=link, friend=friend, job=job)
        if after is before:
            _tracked(frame, row, job)  # a worker may have died before it
            return "unchanged"
        first: Write = Create(after) if before is None else Change(before, after)
        points = [Point(org, LOOKUP, value, after.id) for value in ways(frame.runtime.keys, friend)]
        try:
            store.commit(first, *points)
        except Conflict:
            continue
        _tracked(frame, row, job)
        return "created" if before is None else "changed"
    raise Conflict("the referral is being changed by others")


def _tracked(frame: Frame, row: Row, job: Job | None) -> None:
    if job is not None and row.state == "open":
        track_job(frame.runtime, frame.organization_id, job.id, again=True)


def _job(frame: Frame, row: Row) -> Job | None:
    if row.job is None or frame.connection is None:
        return None
    found = frame.runtime.store.find(
        Job, frame.organization_id, job_id(frame.organization_id, frame.connection.id, row.job)
    )
    if found is None:
        raise BadInput("no such job is known: import past jobs first", field="job_id")
    return found


def _after(
    frame: Frame, row: Row, before: Referral | None, *, link: Link, friend: Contact, job: Job | None
) -> Referral:  # fmt: skip
    """`before` itself when nothing is new. A referral that is known keeps its state: what happened here counts."""
    piece = Evidence(
        kind="import", at=row.referred_at, source_id=row.source, code=link.id, job_id=job.id if job else None
    )
    if before is not None:
        evidence = with_evidence(before.evidence, piece)
        return before if evidence == before.evidence else before.changed(frame.now, evidence=evidence)
    ends: dict[str, dict[str, Any]] = {
        "open": {"status": "new"},
        "rewarded": {"status": "ineligible", "reason": REWARDED},
        "lost": {"status": "lost", "reason": LOST},
    }
    return Referral(
        organization_id=frame.organization_id, id=referral_id(frame.organization_id, link.advocate_id, friend.id),
        created_at=frame.now, updated_at=frame.now, advocate_id=link.advocate_id, contact_id=friend.id,
        location_id=row.location_id, code=link.id, evidence=[piece], **ends[row.state],
    )  # fmt: skip


WORDS = "Who referred whom, and when. open: it goes on here; rewarded and lost are history and earn nothing."
KIND = KindOf(WORDS, COLUMNS, REQUIRED, read, bring, about(Referral))
