"""An advocate says "I referred them": a case that staff open for them, with what they can show, and decide in time."""

from datetime import datetime, timedelta

from moref.events import Event
from moref.intake.model import Job
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Emit, Point, create_once, get
from moref.referrals.advocates import credited
from moref.referrals.attribute import attribute, word_of
from moref.referrals.attribution import winner
from moref.referrals.model import Advocate, Dispute, Referral
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 5
LOOKUP = "job_dispute"  # job -> the claims on it
STAYS = "the job stays with another referral, with earlier evidence or an earned reward; remove that first"


def dispute_id(organization_id: str, advocate_id: str, job_id: str) -> str:
    """One case for each advocate and job."""
    return ids.derived("dsp", organization_id, advocate_id, job_id)


def open_dispute(
    runtime: Runtime, organization_id: str, advocate_id: str, job_id: str, *, claim: str, proof: list[str], actor: str
) -> Dispute:
    """The case, or the one there is already. Raises NotFound; Conflict when the job is credited to them as it is."""
    now, store = runtime.clock.now(), runtime.store
    job = get(store, Job, organization_id, job_id)
    advocate = credited(store, organization_id, advocate_id) or get(store, Advocate, organization_id, advocate_id)
    holder = holder_of(runtime, job)
    if holder is not None and holder.advocate_id == advocate.id:
        raise Conflict("this job is credited to them already")
    organization = get(store, Organization, organization_id, organization_id)
    days = setting(organization, store.find(Location, organization_id, job.location_id), "dispute_days")
    made = Dispute(
        organization_id=organization_id, id=dispute_id(organization_id, advocate.id, job.id), created_at=now,
        updated_at=now, advocate_id=advocate.id, job_id=job.id, location_id=job.location_id,
        referral_id=holder.id if holder else None, claim=claim, proof=proof, opened_by=actor,
        deadline=now + timedelta(days=days),
    )  # fmt: skip
    audit = audited(now, organization_id, actor, "dispute.opened", made.id, job=job.id)
    create_once(store, made, audit, _told(made, now), Point(organization_id, LOOKUP, job.id, made.id))
    return get(store, Dispute, organization_id, made.id)


def decide_dispute(
    runtime: Runtime, organization_id: str, id: str, *, accept: bool, referred_at: datetime | None, actor: str,
    reason: str,
) -> Dispute:  # fmt: skip
    """The decided case; the same decision again changes nothing.

    Accepting makes the claim evidence of the time it proves (`referred_at`), and the published rule then credits them.
    Raises NotFound; BadInput without that time; Conflict when it was decided otherwise, or when the job stays with
    somebody whose evidence is earlier or whose reward is earned: remove that referral first.
    """
    wanted = "accepted" if accept else "rejected"
    for _ in range(TRIES):
        case = get(runtime.store, Dispute, organization_id, id)
        if case.status == wanted:
            return case
        if case.status != "open":
            raise Conflict(f"it was {case.status} already")
        result = _credit(runtime, case, referred_at, actor, reason) if accept else None
        now = runtime.clock.now()
        after = case.changed(
            now, status=wanted, reason=reason, decided_by=actor, decided_at=now, result_id=result.id if result else None
        )
        audit = audited(now, organization_id, actor, f"dispute.{wanted}", case.id, reason=reason[:500])
        try:
            runtime.store.commit(Change(case, after), audit, _told(after, now))
        except Conflict:
            continue
        return get(runtime.store, Dispute, organization_id, id)
    raise Conflict("the case is being changed by others")


def _told(case: Dispute, now: datetime) -> Emit:
    data = {"status": case.status, "stage": case.stage}
    return Emit(Event("dispute.changed", case.organization_id, case.id, data), now)


def holder_of(runtime: Runtime, job: Job) -> Referral | None:
    """The referral a job is attached to; strongly consistent."""
    found = (
        runtime.store.find(Referral, job.organization_id, id)
        for id in runtime.store.lookup(job.organization_id, "job_referral", job.id)
    )
    return next((each for each in found if each and each.job_id == job.id and each.status != "removed"), None)


def _credit(runtime: Runtime, case: Dispute, referred_at: datetime | None, actor: str, reason: str) -> Referral:
    if referred_at is None:
        raise BadInput("when they referred the customer, as their proof shows", field="referred_at")
    org = case.organization_id
    if _stays(runtime, case, referred_at, actor):  # asked before it is said: a claim that is refused leaves no evidence
        raise Conflict(STAYS)
    referral = attribute(runtime, org, case.job_id, case.advocate_id, actor=actor, reason=reason, at=referred_at)
    if referral.job_id != case.job_id:
        raise Conflict(STAYS)
    return referral


def _stays(runtime: Runtime, case: Dispute, referred_at: datetime, actor: str) -> bool:
    """Whether somebody else holds the job, and would after that word as well."""
    org, store = case.organization_id, runtime.store
    job = get(store, Job, org, case.job_id)
    advocate = credited(store, org, case.advocate_id) or get(store, Advocate, org, case.advocate_id)
    word, holder = word_of(job, advocate, actor, referred_at, runtime.clock.now()), holder_of(runtime, job)
    if holder is None or credited(store, org, holder.advocate_id) == advocate:
        return False
    return holder.status == "qualified" or winner([*holder.evidence, word]) != word
