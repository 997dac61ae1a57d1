"""Something happened that campaigns begin with: enrolls the person by every campaign that does, each cause once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moref.billing.standing import lapsed
from moref.campaigns.blocked import blocked
from moref.campaigns.catalogue import MAX_AGE_HOURS
from moref.campaigns.conditions import holds
from moref.campaigns.definition import Definition, TriggerKind
from moref.campaigns.effective import Effective, all_effective, definition_of
from moref.campaigns.effects import done
from moref.campaigns.follow import places_of
from moref.campaigns.give_feedback import feedback_id
from moref.campaigns.known import StoreKnown
from moref.campaigns.model import JOURNEY, CampaignVersion, Enrollment, PageToken
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.walk import first, walk
from moref.intake.model import Contact, Job
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Point, Write, create_once, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4
OF_JOBS: tuple[TriggerKind, ...] = ("job_completed", "job_invoiced")


@dataclass(frozen=True, slots=True)
class Cause:
    """`id` is that of what happened, unique for its kind of trigger; `at` is when, at its source."""

    trigger: TriggerKind
    id: str
    at: datetime
    contact_id: str
    location_id: str
    job: Job | None = None
    feedback_id: str | None = None
    referral_id: str | None = None


def enrollment_id(organization_id: str, campaign_id: str, cause_id: str) -> str:
    return ids.derived("enr", organization_id, campaign_id, cause_id)


def begin(runtime: Runtime, organization_id: str, cause: Cause) -> None:
    """However often it is told. Raises NotFound, Conflict after four lost races.

    Nothing begins with what happened more than 72 hours ago, at a branch that is not active or has campaigns off, for
    an organization whose subscription has lapsed, or for somebody nobody may advertise to.
    """
    if not _may_begin(runtime, organization_id, cause):
        return
    for campaign in all_effective(runtime.store, organization_id, cause.location_id).values():
        if campaign.status == "active" and campaign.version_id:
            definition = definition_of(runtime.store, organization_id, campaign)
            if definition.trigger.kind == cause.trigger:
                _enroll(runtime, organization_id, cause, campaign, definition)


def _may_begin(runtime: Runtime, organization_id: str, cause: Cause) -> bool:
    store = runtime.store
    if runtime.clock.now() - cause.at > timedelta(hours=MAX_AGE_HOURS):
        return False
    organization = get(store, Organization, organization_id, organization_id)
    location = get(store, Location, organization_id, cause.location_id)
    if (organization.status, location.status) != ("active", "active"):
        return False
    if not setting(organization, location, "campaigns"):
        return False
    if lapsed(store, organization_id, runtime.clock.now()) is not None:
        return False
    return blocked(store, organization_id, cause.contact_id, cause.job) is None


def _enroll(runtime: Runtime, org: str, cause: Cause, campaign: Effective, definition: Definition) -> None:
    for _ in range(TRIES):
        found = runtime.store.find(Enrollment, org, enrollment_id(org, campaign.campaign_id, cause.id))
        if found is not None and not _can_restart(found):
            schedule_waiting(runtime, found)  # a worker may have died between commit and schedule
            return
        _keep_version(runtime, org, campaign, definition)
        made = _made(runtime, org, cause, campaign)
        try:
            after = _start(runtime, found, made, definition)
        except Conflict:
            continue
        if after is not None:
            schedule_waiting(runtime, after)
        return
    raise Conflict("the enrollment is being changed by others")


def _can_restart(enrollment: Enrollment) -> bool:
    """The job was cancelled before anything was asked, and is done after all."""
    return (enrollment.status, enrollment.reason) == ("stopped", "job_cancelled") and not enrollment.asked()


def _keep_version(runtime: Runtime, org: str, campaign: Effective, definition: Definition) -> None:
    """A ready-made definition becomes a row when somebody first enrolls on it: later code cannot change it then."""
    if campaign.definition_from == "ready_made" and not runtime.store.find(CampaignVersion, org, campaign.version_id):
        now = runtime.clock.now()
        row = CampaignVersion(
            organization_id=org, id=campaign.version_id, created_at=now, updated_at=now,
            campaign_id=campaign.campaign_id, number=0, definition=definition, made_by="moref",
        )  # fmt: skip
        create_once(runtime.store, row)


def _made(runtime: Runtime, org: str, cause: Cause, campaign: Effective) -> Enrollment:
    now, of_job = runtime.clock.now(), cause.trigger in OF_JOBS
    id = enrollment_id(org, campaign.campaign_id, cause.id)
    return Enrollment(
        organization_id=org,
        id=id,
        created_at=now,
        updated_at=now,
        campaign_id=campaign.campaign_id,
        version_id=campaign.version_id,
        trigger=cause.trigger,
        cause=cause.id,
        began_at=cause.at,
        contact_id=cause.contact_id,
        job_id=cause.job.id if cause.job else None,
        feedback_id=feedback_id(org, id) if of_job else cause.feedback_id,
        referral_id=cause.referral_id,
        location_id=cause.location_id,
        places=places_of(runtime, org, cause.location_id, cause.contact_id, cause.job),
        token=ids.token() if of_job else None,
    )


def _start(runtime: Runtime, found: Enrollment | None, made: Enrollment, definition: Definition) -> Enrollment | None:
    """Commits the beginning, and whatever is to be done at once. None: the trigger's condition does not hold."""
    contact = runtime.store.find(Contact, made.organization_id, made.contact_id)
    if found is not None:
        again: dict[str, Any] = {name: getattr(made, name) for name in _ANEW}
        made = found.changed(runtime.clock.now(), status="active", reason=None, steps={}, **again)
    known = StoreKnown(runtime, made)
    if contact is None or contact.erased_at is not None or not holds(definition.trigger.when, known):
        return None
    walked = walk(first(definition, made.id), definition, known, since=made.began_at)
    after, writes = done(runtime, made, walked, contact, definition)
    head = _rows(made, after) if found is None else [Change(found, after)]
    runtime.store.commit(*head, *writes)
    return get(runtime.store, Enrollment, made.organization_id, made.id)


_ANEW = ("version_id", "began_at", "contact_id", "location_id", "places")


def _rows(made: Enrollment, after: Enrollment) -> list[Write]:
    org, now = made.organization_id, made.created_at
    rows: list[Write] = [Create(after), Point(org, JOURNEY, made.contact_id, made.id)]
    if made.job_id is not None:
        rows.append(Point(org, JOURNEY, made.job_id, made.id))
    if made.token is not None:
        page = PageToken(
            organization_id=GLOBAL, id=made.token, created_at=now, updated_at=now,
            owner_id=org, page="review", subject_id=made.id,
        )  # fmt: skip
        rows.append(Create(page))
    return rows
