"""A step's place in time: its schedule's name, and putting every waiting step on the schedule, however often."""

from moref.campaigns.model import Enrollment, StepRun
from moref.kernel import ids
from moref.kernel.clock import iso
from moref.kernel.names import STEPS
from moref.runtime import Runtime


def schedule_name(enrollment: Enrollment, step: str, run: StepRun) -> str:
    """Derived from enrollment, step and due time: repeating meets the first try, a moved step gets its own."""
    return ids.derived("step", enrollment.organization_id, enrollment.id, step, iso(run.due_at))


def fire_command(enrollment: Enrollment, step: str) -> dict[str, str]:
    return {
        "command": "fire_step",
        "organization_id": enrollment.organization_id,
        "enrollment_id": enrollment.id,
        "step": step,
    }


def schedule_waiting(runtime: Runtime, enrollment: Enrollment) -> None:
    """After every commit that leaves a step scheduled, and again on redelivery."""
    if enrollment.status != "active":
        return
    for step, run in enrollment.steps.items():
        if run.status == "scheduled":
            name = schedule_name(enrollment, step, run)
            runtime.scheduler.at(name, run.due_at, STEPS, fire_command(enrollment, step))
