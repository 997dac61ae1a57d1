"""Erasures that wait for a provider, and those whose slice was lost, are looked at again once an hour."""

from datetime import timedelta

from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.privacy.model import Erasure
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook

WORK = "erasure.asked"
LATE = timedelta(minutes=30)  # a slice that is not over by then died


def command(erasure: Erasure) -> dict[str, str]:
    return {"command": WORK, "organization_id": erasure.organization_id, "subject": erasure.id}


def sweep_erasures(runtime: Runtime) -> int:
    """Those that wait for a provider, and those whose slice was lost, are looked at again; how many."""
    now, sent = runtime.clock.now(), 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        waiting = every(runtime.store, Erasure, organization_id, status="waiting")
        lost = every(runtime.store, Erasure, organization_id, status="running", until=now - LATE)
        for erasure in (*waiting, *lost):
            runtime.queues.send(BULK, command(erasure))
            sent += 1
    return sent
