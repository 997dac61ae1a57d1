"""Somebody opened the link that a message brought."""

from datetime import datetime

from moref.kernel.errors import Conflict
from moref.messaging.model import Message
from moref.messaging.told import told
from moref.records import Change
from moref.runtime import Runtime

TRIES = 5


def note_click(runtime: Runtime, organization_id: str, message_id: str, at: datetime) -> None:
    """The first time counts. Raises Conflict after five lost races."""
    for _ in range(TRIES):
        before = runtime.store.find(Message, organization_id, message_id)
        if before is None or before.clicked_at is not None:
            return
        after = before.changed(runtime.clock.now(), clicked_at=at, opened_at=before.opened_at or at)
        try:
            runtime.store.commit(Change(before, after), *told(after))
        except Conflict:
            continue
        return
    raise Conflict("the message is being changed by others")
