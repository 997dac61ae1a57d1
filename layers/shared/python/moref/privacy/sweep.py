"""Once an hour: erasures that wait for a provider, work whose slice was lost, and exports whose time is over."""

from datetime import timedelta

from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.privacy.model import Erasure, Export
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook, Organization

WORK = "erasure.asked"
EXPORT_WORK, REMOVE_EXPORT = "export.asked", "export.remove"
CLOSE_WORK, RETENTION_WORK = "organization.close", "retention.due"
EXPORTS_KEPT = timedelta(days=3)
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


def sweep_exports(runtime: Runtime) -> int:
    """Sends a look at those whose time is over, and at those whose slice was lost; how many."""
    now, sent = runtime.clock.now(), 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        over = every(runtime.store, Export, organization_id, status="ready", until=now - EXPORTS_KEPT)
        lost = every(runtime.store, Export, organization_id, status="running", until=now - LATE)
        for row, work in [*((row, REMOVE_EXPORT) for row in over), *((row, EXPORT_WORK) for row in lost)]:
            runtime.queues.send(BULK, export_command(row, work))
            sent += 1
    return sent


def export_command(row: Export, work: str) -> dict[str, str]:
    return {"command": work, "organization_id": row.organization_id, "subject": row.id}


def sweep_closings(runtime: Runtime) -> int:
    """Sends a look at organizations whose time to think again is over, and at closed ones of which somebody is left."""
    now, sent = runtime.clock.now(), 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        found = runtime.store.find(Organization, organization_id, organization_id)
        if found is not None and found.closes_at is not None and found.closes_at <= now:
            runtime.queues.send(BULK, {"command": CLOSE_WORK, "organization_id": found.id, "subject": found.id})
            sent += 1
    return sent


def sweep_retention(runtime: Runtime) -> int:
    """Sends a look at what is old, for each organization; how many."""
    organizations = sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)})
    for organization_id in organizations:
        runtime.queues.send(BULK, retention_command(organization_id))
    return len(organizations)


def retention_command(organization_id: str) -> dict[str, str]:
    return {"command": RETENTION_WORK, "organization_id": organization_id, "subject": organization_id}
