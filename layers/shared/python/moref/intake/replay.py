"""Works on a stored webhook again, from its original bytes: after a quarantine's cause is mended, or at any time."""

from moref.events import Event, envelope
from moref.intake.model import ERASED, InboxEvent
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict
from moref.kernel.names import INBOX
from moref.records import Change, get
from moref.runtime import Runtime

TRIES = 3


def replay(runtime: Runtime, organization_id: str, inbox_id: str) -> InboxEvent:
    """The row, waiting again. Harmless for one that was handled: nothing that is known already is done twice.

    The row is `pending` until it was sent on, so a crash before the send is mended by the sweeper. Raises NotFound;
    Conflict for one whose body was erased.
    """
    for _ in range(TRIES):
        event = get(runtime.store, InboxEvent, organization_id, inbox_id)
        if event.reason == ERASED:
            raise Conflict(f"nothing is left to work on: {ERASED}")
        now = runtime.clock.now()
        again = event.changed(now, status="received", reason=None, handled_at=None, replays=event.replays + 1)
        try:
            runtime.store.commit(Change(event, again))
        except Conflict:
            continue
        told = Event("inbox.received", organization_id, inbox_id, {"source": event.source})
        runtime.queues.send(INBOX, envelope(told, f"{inbox_id}-replay-{again.replays}", iso(now)))
        return again
    raise Conflict("the inbox row is being changed by others")
