"""Staff say who referred a job's customer: evidence of kind staff, with their reason; the published rule decides."""

from datetime import datetime

from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact, Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import Change, Create, Emit, Point, Write, get
from moref.referrals.advocates import credited
from moref.referrals.attribution import with_evidence
from moref.referrals.evidence import new_referral
from moref.referrals.model import Advocate, Evidence, Referral
from moref.referrals.progress import ENDED
from moref.referrals.recognise import LOOKUP, recognised, ways
from moref.referrals.track_job import track_job
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5


def attribute(
    runtime: Runtime, organization_id: str, job_id: str, advocate_id: str, *, actor: str, reason: str,
    at: datetime | None = None,
) -> Referral:  # fmt: skip
    """The advocate's referral of this customer, with the evidence; repeating it changes nothing.

    `at` is when the referral happened, where there is proof of it (default: now). Whether it holds the job is seen by
    its `job_id`: earlier evidence of another advocate wins, and a reward that was earned stays. `actor`: a member id.
    Raises NotFound; BadInput on a time to come; Conflict when this referral was ended by people or rules, when the
    advocate has no link, or races were lost.
    """
    now = runtime.clock.now()
    for _ in range(TRIES):
        job = get(runtime.store, Job, organization_id, job_id)
        contact = current(runtime.store, organization_id, job.contact_id)
        advocate = credited(runtime.store, organization_id, advocate_id)
        if contact is None or advocate is None:
            raise NotFound(f"no advocate {advocate_id}")
        before, after = _said(runtime, job, contact, advocate, word_of(job, advocate, actor, at or now, now))
        writes = _writes(before, after, ways(runtime.keys, contact))
        if writes:
            audit = audited(
                now, organization_id, actor, "referral.attributed", after.id, job=job.id, reason=reason[:500]
            )
            try:
                runtime.store.commit(*writes, audit, Emit(_told(before, after), now))
            except Conflict:
                continue
        track_job(runtime, organization_id, job_id, again=True)
        return get(runtime.store, Referral, organization_id, after.id)
    raise Conflict("the referral is being changed by others")


def word_of(job: Job, advocate: Advocate, actor: str, at: datetime, now: datetime) -> Evidence:
    """What a member says as evidence. Raises BadInput on a time to come, Conflict when the advocate has no link."""
    if at > now:
        raise BadInput("a referral happened in the past", field="referred_at")
    if not advocate.links:
        raise Conflict("the advocate has no link yet: give them one first")
    code = advocate.links.get(job.location_id) or min(advocate.links.values())
    return Evidence(kind="staff", at=at, source_id=actor, code=code, job_id=job.id)


def _said(
    runtime: Runtime, job: Job, contact: Contact, advocate: Advocate, piece: Evidence
) -> tuple[Referral | None, Referral]:
    """The referral as stored (None: this makes it), and with the evidence."""
    now = runtime.clock.now()
    mine = [
        referral
        for referral in recognised(runtime.store, runtime.keys, contact).sure.values()
        if referral.advocate_id == advocate.id
    ]
    if not mine:
        made = new_referral(job, contact, advocate, piece, now)
        return None, made
    before = min(mine, key=lambda referral: (referral.job_id != job.id, referral.created_at, referral.id))
    if before.status in ENDED:
        raise Conflict(f"this advocate's referral of the customer is {before.status}")
    evidence = with_evidence(before.evidence, piece)
    return before, before if evidence == before.evidence else before.changed(now, evidence=evidence)


def _writes(before: Referral | None, after: Referral, values: list[str]) -> list[Write]:
    if before is after:
        return []
    points = [Point(after.organization_id, LOOKUP, value, after.id) for value in values]
    return [Create(after) if before is None else Change(before, after), *points]


def _told(before: Referral | None, after: Referral) -> Event:
    data = {"status": after.status, "previous_status": before.status if before else None, "job_id": after.job_id}
    return Event("referral.changed", after.organization_id, after.id, data)
