"""After the tables were restored to a moment T: steps that may have been sent since are not sent again, the others get
their schedules back."""

from datetime import datetime

from moref.campaigns.model import Enrollment, StepRun
from moref.campaigns.schedule import schedule_waiting
from moref.kernel.errors import Conflict
from moref.records import Change, every
from moref.runtime import Runtime

TRIES = 4
RESTORED = "restored"  # reason of a step whose message may have left after T


def settle_doubtful(runtime: Runtime, organization_id: str, stopped_at: datetime) -> int:
    """Skips every step that was due before sends were stopped; how many. Once too few is better than twice.

    A step that is due later cannot have left: nothing fires early, and a step only ever moves to a later time.
    """
    return sum(
        _settle(runtime, enrollment, stopped_at)
        for enrollment in every(runtime.store, Enrollment, organization_id, status="active")
    )


def resume(runtime: Runtime, organization_id: str) -> int:
    """Puts the waiting steps on the schedule; how many journeys have one. Repeating it changes nothing."""
    waiting = [
        enrollment
        for enrollment in every(runtime.store, Enrollment, organization_id, status="active")
        if any(run.status == "scheduled" for run in enrollment.steps.values())
    ]
    for enrollment in waiting:
        schedule_waiting(runtime, enrollment)
    return len(waiting)


def _settle(runtime: Runtime, listed: Enrollment, stopped_at: datetime) -> int:
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, listed.organization_id, listed.id)
        if before is None or before.status != "active":
            return 0
        skipped = {
            step: run.model_copy(update={"status": "skipped", "reason": RESTORED})
            for step, run in before.steps.items()
            if run.status == "scheduled" and run.due_at <= stopped_at
        }
        if not skipped:
            return 0
        try:
            runtime.store.commit(Change(before, _without(runtime, before, skipped)))
        except Conflict:
            continue
        return len(skipped)
    raise Conflict("the enrollment is being changed by others")


def _without(runtime: Runtime, before: Enrollment, skipped: dict[str, StepRun]) -> Enrollment:
    """Who was asked may still answer; a journey past that with nothing left to do is over."""
    steps = {**before.steps, **skipped}
    over = before.path != "waiting" and not any(run.status == "scheduled" for run in steps.values())
    end = {"status": "finished", "reason": RESTORED} if over else {}
    return before.changed(runtime.clock.now(), steps=steps, **end)
