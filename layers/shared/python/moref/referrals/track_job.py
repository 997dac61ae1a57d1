"""On job.changed: finds the referral a job belongs to, attaches it once, and lets the referral follow the facts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Job
from moref.kernel.errors import Conflict, NotFound
from moref.records import Change, Create, Emit, Point, Write, get
from moref.referrals import unmatched
from moref.referrals.attribution import choose
from moref.referrals.evidence import Claim, find, matched, rejected
from moref.referrals.model import Referral
from moref.referrals.progress import followed
from moref.referrals.recognise import LOOKUP, ways
from moref.runtime import Runtime

TRIES = 5
DUPLICATE = "another referral of the same person was documented first"


def track_job(runtime: Runtime, organization_id: str, job_id: str, *, again: bool = False) -> Referral | None:
    """The job's referral, or None when nothing connects it to one. Repeating it for the same job version does nothing;
    `again` asks anew what speaks for whom, because more became known than the job tells.

    A job that is said to come by a referral, and finds none, is put on the list of unmatched sources. None also when
    its claim was rejected: turning one claimant down pays no other by itself.

    Every tracked version of the job emits referral.changed {status, previous_status, job_id, job_version}, also when
    the status stays: a program may qualify on a fact that has no status of its own (paid).
    Raises NotFound for another organization's job, Conflict when five races were lost.
    """
    for _ in range(TRIES):
        now = runtime.clock.now()
        job = get(runtime.store, Job, organization_id, job_id)
        contact = current(runtime.store, organization_id, job.contact_id)
        if contact is None:
            raise NotFound(f"no contact {job.contact_id}")
        if rejected(runtime.store, job):
            return None
        about = find(runtime, job, contact, now)
        found = about.claims
        attached = next((claim.before for claim in found if claim.before and claim.before.job_id == job_id), None)
        if attached is not None and attached.job_version >= job.version and not again:
            return attached
        chosen = _chosen(found, attached)
        listed = unmatched.writes(runtime.store, about, chosen, now)
        writes = [] if chosen is None else [*_writes(job, ways(runtime.keys, contact), found, chosen, now)]
        try:
            if writes or listed:
                runtime.store.commit(*writes, *listed)
        except Conflict:
            continue  # a referral moved, or was made, since we looked
        return None if chosen is None else get(runtime.store, Referral, organization_id, chosen)
    raise Conflict("the job's referral is being changed by others")


def _chosen(found: Sequence[Claim], attached: Referral | None) -> str | None:
    """The id of the referral with the deciding evidence; one that has earned a reward already keeps its job."""
    if attached is not None and attached.status == "qualified":
        return attached.id
    best = choose([claim.referral for claim in found])
    return best.id if best else None


def _writes(job: Job, ways: list[str], found: Sequence[Claim], chosen: str, now: datetime) -> Iterator[Write]:
    """`ways`: how the job's own contact is recognised. The CRM may know the friend as another person than the form."""
    for claim in found:
        after = _won(claim, job, now) if claim.referral.id == chosen else _lost(claim)
        before = claim.before
        if before is not None and before.data() == after.data():
            continue
        yield Create(after) if before is None else Change(before, after.changed(now))
        if after.job_id is not None:
            yield Point(job.organization_id, "job_referral", job.id, after.id)
        if before is None or before.job_id != after.job_id:
            yield from (Point(job.organization_id, LOOKUP, value, after.id) for value in ways)
        yield Emit(_changed(before, after), now)


def _won(claim: Claim, job: Job, now: datetime) -> Referral:
    referral = matched(claim, job, now).referral
    # Other reasons are the rules' words on the conversion; they are kept up by whoever wrote them.
    reason = None if referral.reason == DUPLICATE else referral.reason
    status = followed(referral, job)
    return referral.model_copy(
        update={"job_id": job.id, "job_version": job.version, "status": status, "reason": reason}
    )


def _lost(claim: Claim) -> Referral:
    """Kept with its evidence, without the job."""
    return claim.referral.model_copy(
        update={"job_id": None, "job_version": 0, "status": "duplicate", "reason": DUPLICATE}
    )


def _changed(before: Referral | None, after: Referral) -> Event:
    return Event(
        "referral.changed",
        after.organization_id,
        after.id,
        {
            "status": after.status,
            "previous_status": before.status if before else None,
            "job_id": after.job_id,
            "job_version": after.job_version,
        },
    )
