"""Re-sends steps that are late: a schedule that was lost, or a worker that died before making one; and releases what
was held at the very moment its campaign was resumed."""

from datetime import timedelta

from moref.campaigns.model import Enrollment
from moref.campaigns.pause import release
from moref.campaigns.schedule import fire_command, waiting
from moref.kernel.keys import GLOBAL
from moref.kernel.names import STEPS
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook

LATE = timedelta(minutes=10)
MOST = 500  # late ones of an organization in one round: the rest comes in the next


def sweep_overdue(runtime: Runtime) -> int:
    """How many were sent again. Harmless to repeat: firing a step looks at everything anew."""
    now, sent = runtime.clock.now(), 0
    # Whoever has a journey got it from a webhook, so the hooks name every organization.
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        late = runtime.store.list(
            Enrollment, organization_id, status="active", until=now - LATE, newest_first=False, limit=MOST
        )
        for enrollment in late.items:
            found = waiting(enrollment)
            if found is not None and now - found[1].due_at > LATE:
                runtime.queues.send(STEPS, fire_command(enrollment, found[0]))
                sent += 1
        for enrollment in every(runtime.store, Enrollment, organization_id, status="held"):
            sent += release(runtime, organization_id, enrollment.id)
    return sent
