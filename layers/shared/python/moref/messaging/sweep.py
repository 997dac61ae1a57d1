"""Re-sends the command for messages that stood still: a lost schedule, or a worker that died."""

from datetime import timedelta
from typing import Literal

from moref.kernel.keys import GLOBAL
from moref.kernel.names import MESSAGES
from moref.messaging.last_look import TOO_LATE
from moref.messaging.later import send_command
from moref.messaging.model import Message
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook

LATE = timedelta(minutes=10)
GIVEN_UP = TOO_LATE + timedelta(days=1)  # nobody asks a provider about an outcome older than this
MOST = 500  # of an organization and state in one round: the rest comes in the next
_STATES: tuple[Literal["queued", "sending", "unknown"], ...] = ("queued", "sending", "unknown")


def sweep_overdue(runtime: Runtime) -> int:
    """How many were sent again. Harmless to repeat: sending looks at everything anew.

    Reads what is late and nothing else: a message that waits is listed by the time until which it does.
    """
    now, sent = runtime.clock.now(), 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for status in _STATES:
            since = now - GIVEN_UP if status == "unknown" else None
            late = runtime.store.list(
                Message, organization_id, status=status, since=since, until=now - LATE, newest_first=False, limit=MOST
            )
            for message in late.items:
                if not _hopeless(message):
                    runtime.queues.send(MESSAGES, send_command(message))
                    sent += 1
    return sent


def _hopeless(message: Message) -> bool:
    """Nobody can tell any more whether it left."""
    return message.status == "unknown" and (message.channel == "email" or message.reason == "outcome_unknown")
