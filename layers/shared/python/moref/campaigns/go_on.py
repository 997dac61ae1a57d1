"""Lets an enrollment go as far as it can now: on its schedule, and when something happened that it may wait for.

It may be woken twice, late, or when it is over: everything is looked at again, and what it does is one commit.
"""

from moref.campaigns.blocked import STOP_CONDITION
from moref.campaigns.effective import paused
from moref.campaigns.effects import done
from moref.campaigns.follow import undone
from moref.campaigns.known import StoreKnown
from moref.campaigns.model import JOURNEY, CampaignVersion, Enrollment
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.stop import stop
from moref.campaigns.walk import Position, walk
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.records import Change, Write, get
from moref.runtime import Runtime

TRIES = 4


def go_on(runtime: Runtime, organization_id: str, enrollment_id: str, *, only: str | None = None) -> None:
    """`only`: not unless it stands at that step. Raises Conflict after four lost races."""
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, organization_id, enrollment_id)
        if before is None or before.status != "active":
            return
        writes = _decide(runtime, before) if only in (None, before.at) else ()
        if writes is None:
            return
        if not writes:
            schedule_waiting(runtime, before)  # its next step may not have reached the schedule
            return
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue
        schedule_waiting(runtime, get(runtime.store, Enrollment, organization_id, enrollment_id))
        return
    raise Conflict("the enrollment is being changed by others")


def wake(runtime: Runtime, organization_id: str, whose: str) -> None:
    """Every enrollment of a contact, or of a job: something happened to them."""
    for id in runtime.store.lookup(organization_id, JOURNEY, whose):
        go_on(runtime, organization_id, id)


def _decide(runtime: Runtime, before: Enrollment) -> tuple[Write, ...] | None:
    """The writes by which it moves on, or waits for a pause to end; none yet. None: the journey is over and ended."""
    org = before.organization_id
    known = StoreKnown(runtime, before)
    contact = runtime.store.find(Contact, org, before.contact_id)
    reason = _over(before, known, contact)
    if reason is not None or contact is None:
        stop(runtime, org, before.id, reason or "contact_gone")
        return None
    version = get(runtime.store, CampaignVersion, org, before.version_id)
    position = Position(before.at, before.steps, before.id)
    walked = walk(position, version.definition, known, since=before.began_at if not before.steps else None)
    if walked.position == position:
        return ()
    if paused(runtime.store, before):
        return (Change(before, before.changed(known.now, status="held", reason="paused")),)
    after, writes = done(runtime, before, walked, contact, version.definition)
    return (Change(before, after), *writes)


def _over(before: Enrollment, known: StoreKnown, contact: Contact | None) -> str | None:
    if contact is None:
        return "contact_gone"
    if before.job_id is None:
        return None
    if known.job is None or undone(known.job, before):
        return "job_cancelled"
    condition = known.job.stop_condition()
    return f"{STOP_CONDITION}: {condition}" if condition else None
