"""A job changed: enroll its customer when it is completed, stop the journey when it no longer is."""

from datetime import datetime, timedelta

from moref.campaigns.catalogue import AFTER_JOB, ASK, MAX_AGE_HOURS
from moref.campaigns.model import Enrollment, PageToken, StepRun
from moref.campaigns.places import Place, candidates
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.stop import stop
from moref.campaigns.windows import next_allowed
from moref.intake.model import Contact, Fact, Job
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4


def enrollment_id(organization_id: str, job_id: str) -> str:
    return ids.derived("enr", organization_id, job_id, AFTER_JOB.name)


def follow_job(runtime: Runtime, organization_id: str, job_id: str) -> None:
    """On job.changed, in whatever order and however often. Raises NotFound, Conflict after four lost races."""
    job = get(runtime.store, Job, organization_id, job_id)
    if completed(job) is None:
        stop(runtime, organization_id, enrollment_id(organization_id, job_id), "job_cancelled")
    else:
        enroll(runtime, job)


def completed(job: Job) -> Fact | None:
    """The fact that the job is completed, unless it was undone or the job cancelled."""
    fact = job.facts.get("completed")
    return fact if fact is not None and fact.value and job.state != "cancelled" else None


def enroll(runtime: Runtime, job: Job) -> Enrollment | None:
    """The enrollment of a completed job, made once; None when there is no reason to start one.

    One that was stopped before anything was asked starts again when the job is completed after all.
    """
    for _ in range(TRIES):
        found = runtime.store.find(Enrollment, job.organization_id, enrollment_id(job.organization_id, job.id))
        if found is not None and not _can_restart(found):
            try:
                found = _follow_corrections(runtime, found, job)
            except Conflict:
                continue
            schedule_waiting(runtime, found)  # a worker may have died between commit and schedule
            return found
        due = _ask_due(runtime, job)
        if due is None:
            return found
        try:
            made = _restart(runtime, found, due) if found else _create(runtime, job, due)
        except Conflict:
            continue
        schedule_waiting(runtime, made)
        return made
    raise Conflict("the enrollment is being changed by others")


def _follow_corrections(runtime: Runtime, found: Enrollment, job: Job) -> Enrollment:
    """Addresses that come later count for the window; branch and customer do until somebody was asked."""
    if found.status != "active":
        return found
    unasked = found.steps[ASK].status == "scheduled"
    location_id, contact_id = (job if unasked else found).location_id, (job if unasked else found).contact_id
    places = _places(runtime, job, location_id, contact_id)
    if (places, location_id, contact_id) == (found.places, found.location_id, found.contact_id):
        return found
    now = runtime.clock.now()
    after = found.changed(now, places=places, location_id=location_id, contact_id=contact_id)
    runtime.store.commit(Change(found, after))
    return after


def _can_restart(enrollment: Enrollment) -> bool:
    return enrollment.status == "stopped" and enrollment.steps[ASK].status == "cancelled"


def _ask_due(runtime: Runtime, job: Job) -> datetime | None:
    """When to ask: the delay after completion, moved into the window. None: this job starts no campaign."""
    store, now, fact = runtime.store, runtime.clock.now(), completed(job)
    if fact is None or now - fact.at > timedelta(hours=MAX_AGE_HOURS):
        return None
    organization = get(store, Organization, job.organization_id, job.organization_id)
    location = get(store, Location, job.organization_id, job.location_id)
    if (organization.status, location.status) != ("active", "active") or not setting(
        organization, location, "campaigns"
    ):
        return None
    delay = timedelta(minutes=setting(organization, location, "ask_delay_minutes"))
    places = _places(runtime, job, job.location_id, job.contact_id)
    key = enrollment_id(job.organization_id, job.id)
    # Places that never agree: the step is due at once and the last look says so with a reason that people can read.
    return next_allowed(max(now, fact.at + delay), places, key) or now


def _places(runtime: Runtime, job: Job, location_id: str, contact_id: str) -> list[Place]:
    """Raises NotFound when the branch is gone; a customer who is adds no place."""
    location = get(runtime.store, Location, job.organization_id, location_id)
    contact = runtime.store.find(Contact, job.organization_id, contact_id)
    return candidates(job.origin, job.destination, location, contact.phone if contact else None)


def _create(runtime: Runtime, job: Job, due: datetime) -> Enrollment:
    store, now = runtime.store, runtime.clock.now()
    contact = get(store, Contact, job.organization_id, job.contact_id)
    enrollment = Enrollment(
        organization_id=job.organization_id,
        id=enrollment_id(job.organization_id, job.id),
        created_at=now,
        updated_at=now,
        campaign=AFTER_JOB.name,
        campaign_version=AFTER_JOB.version,
        contact_id=contact.id,
        job_id=job.id,
        location_id=job.location_id,
        places=_places(runtime, job, job.location_id, job.contact_id),
        token=ids.token(),
        steps={ASK: StepRun(due_at=due)},
    )
    token = PageToken(
        organization_id=GLOBAL, id=enrollment.token, created_at=now, updated_at=now,
        owner_id=job.organization_id, page="review", subject_id=enrollment.id,
    )  # fmt: skip
    runtime.store.commit(Create(enrollment), Create(token))
    return enrollment


def _restart(runtime: Runtime, enrollment: Enrollment, due: datetime) -> Enrollment:
    now = runtime.clock.now()
    after = enrollment.changed(now, status="active", reason=None, steps={ASK: StepRun(due_at=due)})
    runtime.store.commit(Change(enrollment, after))
    return after
