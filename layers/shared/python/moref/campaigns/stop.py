"""Ends a journey before its steps are done: nothing of it is sent any more."""

from moref.campaigns.model import Enrollment
from moref.campaigns.schedule import schedule_name
from moref.kernel.errors import Conflict
from moref.records import Change, Write
from moref.runtime import Runtime

TRIES = 4


def stop(runtime: Runtime, organization_id: str, enrollment_id: str, reason: str, *also: Write) -> bool:
    """The step it stood at becomes cancelled; a message already queued is dropped by the last look before sending.

    `also` goes into the same commit. False when it was over before. Raises Conflict after four lost races.
    """
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, organization_id, enrollment_id)
        if before is None or before.status not in ("active", "held"):
            return False
        left = {name: run for name, run in before.steps.items() if run.status == "scheduled"}
        cancelled = {
            name: run.model_copy(update={"status": "cancelled", "reason": reason}) for name, run in left.items()
        }
        after = before.changed(
            runtime.clock.now(), status="stopped", reason=reason, at=None, steps={**before.steps, **cancelled}
        )
        try:
            runtime.store.commit(Change(before, after), *also)
        except Conflict:
            continue
        for name, run in left.items():
            # Only tidiness: a schedule that fires all the same finds its step cancelled.
            runtime.scheduler.cancel(schedule_name(before, name, run))
        return True
    raise Conflict("the enrollment is being changed by others")
