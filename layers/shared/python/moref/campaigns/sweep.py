"""Re-sends steps that are late: a schedule that was lost, or a worker that died before making one."""

from datetime import timedelta

from moref.campaigns.model import Enrollment
from moref.campaigns.schedule import fire_command
from moref.kernel.keys import GLOBAL
from moref.kernel.names import STEPS
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook

LATE = timedelta(minutes=10)
MOST = 500  # of an organization in one round: the rest comes in the next


def sweep_overdue(runtime: Runtime) -> int:
    """How many steps were sent again. Harmless to repeat: firing a step looks at everything anew.

    Reads what is late and nothing else: active enrollments are listed by the time their next step is due.
    """
    now, sent = runtime.clock.now(), 0
    # Whoever has a journey got it from a webhook, so the hooks name every organization.
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        late = runtime.store.list(
            Enrollment, organization_id, status="active", until=now - LATE, newest_first=False, limit=MOST
        )
        for enrollment in late.items:
            for step, run in enrollment.steps.items():
                if run.status == "scheduled" and now - run.due_at > LATE:
                    runtime.queues.send(STEPS, fire_command(enrollment, step))
                    sent += 1
    return sent
