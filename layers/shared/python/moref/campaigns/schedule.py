"""A step's place in time: its schedule's name, and putting the step an enrollment stands at on the schedule."""

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


def waiting(enrollment: Enrollment) -> tuple[str, StepRun] | None:
    """The step it stands at, and its run; None when it is over, or held by a pause."""
    if enrollment.status != "active" or enrollment.at is None:
        return None
    run = enrollment.steps.get(enrollment.at)
    return (enrollment.at, run) if run is not None and run.status == "scheduled" else None


def schedule_waiting(runtime: Runtime, enrollment: Enrollment) -> None:
    """After every commit that leaves a step scheduled, and again on redelivery."""
    if (found := waiting(enrollment)) is not None:
        step, run = found
        name = schedule_name(enrollment, step, run)
        runtime.scheduler.at(name, run.due_at, STEPS, fire_command(enrollment, step))
