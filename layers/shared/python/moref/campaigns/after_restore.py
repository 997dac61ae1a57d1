"""After the tables were restored to a moment T: steps that may have been sent since are not sent again, the others get
their schedules back."""

from datetime import datetime

from moref.campaigns.definition import Send, Task
from moref.campaigns.effects import task_writes
from moref.campaigns.known import StoreKnown
from moref.campaigns.model import CampaignVersion, Enrollment, StepRun
from moref.campaigns.schedule import schedule_waiting, waiting
from moref.campaigns.walk import Position, walk
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.records import Change, Write, every, get
from moref.runtime import Runtime

TRIES = 4
RESTORED = "restored"  # reason of a step whose message may have left after T


def settle_doubtful(runtime: Runtime, organization_id: str, stopped_at: datetime) -> int:
    """Skips every message that was due before sends were stopped; how many. Once too few is better than twice.

    A step that is due later cannot have left: nothing fires early, and a step only ever moves to a later time.
    """
    return sum(
        _settle(runtime, enrollment, stopped_at)
        for enrollment in every(runtime.store, Enrollment, organization_id, status="active")
    )


def resume(runtime: Runtime, organization_id: str) -> int:
    """Puts the waiting steps on the schedule; how many journeys have one. Repeating it changes nothing."""
    found = [
        enrollment
        for enrollment in every(runtime.store, Enrollment, organization_id, status="active")
        if waiting(enrollment) is not None
    ]
    for enrollment in found:
        schedule_waiting(runtime, enrollment)
    return len(found)


def _settle(runtime: Runtime, listed: Enrollment, stopped_at: datetime) -> int:
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, listed.organization_id, listed.id)
        if before is None or before.status != "active":
            return 0
        after, tasks, skipped = _gone_on_until(runtime, before, stopped_at)
        if not skipped:
            return 0
        try:
            runtime.store.commit(Change(before, after), *tasks)
        except Conflict:
            continue
        return skipped
    raise Conflict("the enrollment is being changed by others")


def _gone_on_until(runtime: Runtime, before: Enrollment, stopped_at: datetime) -> tuple[Enrollment, list[Write], int]:
    """The enrollment as if it had gone on as scheduled, its messages skipped; tasks for staff are made, not mailed."""
    definition = get(runtime.store, CampaignVersion, before.organization_id, before.version_id).definition
    contact = runtime.store.find(Contact, before.organization_id, before.contact_id)
    known, after, tasks, skipped = StoreKnown(runtime, before), before, list[Write](), 0
    while (found := waiting(after)) is not None and found[1].due_at <= stopped_at:
        known.now = found[1].due_at
        position = Position(after.at, after.steps, after.id)
        walked = walk(position, definition, known)
        if walked.position == position:
            break
        steps = dict(walked.position.steps)
        for name, step in walked.effects:
            if isinstance(step, Send):
                steps[name] = _skipped(steps[name])
                skipped += 1
            elif contact is not None:
                tasks += task_writes(runtime, after, name, _silent(step), contact)
        over = {"reason": RESTORED} if walked.position.at is None else {}
        fields = {"at": walked.position.at, "steps": steps, "status": walked.position.status} | over
        after = after.changed(runtime.clock.now(), **fields)
    return after, tasks, skipped


def _skipped(run: StepRun) -> StepRun:
    return run.model_copy(update={"status": "skipped", "reason": RESTORED})


def _silent(step: Task) -> Task:
    return step.model_copy(update={"mail": False})
