"""Once an hour: wakes records that still wait to be read, and has CRMs that tell of no new leads asked for them."""

from datetime import timedelta

from moref.intake.mark_dirty import pull_command
from moref.intake.pulled import CrmRecord
from moref.kernel.keys import GLOBAL
from moref.kernel.names import INBOX
from moref.records import every, get
from moref.runtime import Runtime
from moref.tenants.model import Connection, Hook

LATE = timedelta(minutes=20)  # more than the longest wake-up by queue
MOST = 200  # of an organization in one round


def sweep_waiting(runtime: Runtime) -> int:
    """How many commands were sent. Harmless to repeat: a record that is clean, or being read, is left alone."""
    now, sent = runtime.clock.now(), 0
    hooks = [hook for hook in every(runtime.store, Hook, GLOBAL) if hook.source.startswith("crm:")]
    for organization_id in sorted({hook.owner_id for hook in hooks}):
        waiting = runtime.store.list(CrmRecord, organization_id, status="dirty", newest_first=False, limit=MOST).items
        for record in waiting:
            if record.wake_at is None or now - record.wake_at > LATE:
                command = pull_command(organization_id, record.connection_id, record.external_id)
                runtime.queues.send(INBOX, command)
                sent += 1
    for hook in hooks:
        connection = get(runtime.store, Connection, hook.owner_id, hook.connection_id)
        if hook.status == connection.status == "active" and connection.credentials_ciphertext:
            ids = {"organization_id": hook.owner_id, "connection_id": connection.id}
            runtime.queues.send(INBOX, {"command": "poll_leads", **ids})
            sent += 1
    return sent
