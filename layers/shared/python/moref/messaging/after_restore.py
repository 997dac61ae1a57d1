"""After the tables were restored to a moment T: a message that may have left since is not sent again."""

from datetime import datetime

from moref.kernel.errors import Conflict
from moref.kernel.names import MESSAGES
from moref.messaging.later import later, send_command
from moref.messaging.model import Message, Suppression
from moref.messaging.settle import settle
from moref.records import Change, Create, Store, every
from moref.runtime import Runtime

TRIES = 4


def settle_doubtful(runtime: Runtime, organization_id: str, stopped_at: datetime) -> int:
    """Ends every message that waited at T and was due before sends were stopped; how many.

    Those found in `sending` or `unknown` stay: their provider is asked before anything is repeated.
    """
    ended = 0
    for message in every(runtime.store, Message, organization_id, status="queued"):
        due = message.not_before or message.created_at
        if due <= stopped_at and settle(runtime, message, status="failed", reason="outcome_unknown") is not None:
            ended += 1
    return ended


def resume(runtime: Runtime, organization_id: str) -> int:
    """Wakes what waits; how many. Harmless to repeat: sending looks at everything anew."""
    woken = 0
    for message in every(runtime.store, Message, organization_id, status="queued"):
        later(runtime, message, message.not_before or message.created_at)
        woken += 1
    for message in every(runtime.store, Message, organization_id, status="sending"):
        runtime.queues.send(MESSAGES, send_command(message))
        woken += 1
    return woken


def carry_suppressions(live: Store, runtime: Runtime, organization_id: str) -> int:
    """Opt-outs since T, from the tables that are being replaced; how many. `runtime` is over the restored ones."""
    return sum(_carry(runtime.store, found) for found in every(live, Suppression, organization_id))


def _carry(store: Store, found: Suppression) -> int:
    for _ in range(TRIES):
        before = store.find(Suppression, found.organization_id, found.id)
        if before is not None and before.updated_at >= found.updated_at:
            return 0
        fields = {"active": found.active, "reason": found.reason}
        write = Create(found) if before is None else Change(before, before.changed(found.updated_at, **fields))
        try:
            store.commit(write)
        except Conflict:
            continue
        return 1
    raise Conflict("the suppression is being changed by others")
