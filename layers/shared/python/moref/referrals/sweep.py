"""Wakes leads that stood still: a wake-up that was lost, or a worker that died before asking for the next one."""

from datetime import timedelta

from moref.kernel.keys import GLOBAL
from moref.kernel.names import LEADS
from moref.records import every
from moref.referrals.hand_over import hand_over_command, next_look
from moref.referrals.model import Lead
from moref.runtime import Runtime
from moref.tenants.model import Hook

LATE = timedelta(minutes=10)


def sweep_overdue(runtime: Runtime) -> int:
    """How many were sent again. Harmless to repeat: handing over looks at everything anew."""
    now, sent = runtime.clock.now(), 0
    # Whoever has a lead to hand over has a CRM, so the hooks name every organization.
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for lead in every(runtime.store, Lead, organization_id, status="new"):
            if now - next_look(lead) > LATE:
                runtime.queues.send(LEADS, hand_over_command(lead))
                sent += 1
    return sent
