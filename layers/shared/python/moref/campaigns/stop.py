"""Ends a journey before its steps are done: nothing of it is sent any more."""

from moref.campaigns.model import Enrollment
from moref.campaigns.schedule import schedule_name
from moref.kernel.errors import Conflict
from moref.records import Change
from moref.runtime import Runtime

TRIES = 4


def stop(runtime: Runtime, organization_id: str, enrollment_id: str, reason: str) -> None:
    """Steps still waiting become cancelled; a message already queued is dropped by the last look before sending."""
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, organization_id, enrollment_id)
        if before is None or before.status != "active":
            return
        waiting = {name: run for name, run in before.steps.items() if run.status == "scheduled"}
        steps = {
            name: run.model_copy(update={"status": "cancelled", "reason": reason}) if name in waiting else run
            for name, run in before.steps.items()
        }
        try:
            runtime.store.commit(
                Change(before, before.changed(runtime.clock.now(), status="stopped", reason=reason, steps=steps))
            )
        except Conflict:
            continue
        for name, run in waiting.items():
            # Only tidiness: a schedule that fires all the same finds its step cancelled.
            runtime.scheduler.cancel(schedule_name(before, name, run))
        return
    raise Conflict("the enrollment is being changed by others")
