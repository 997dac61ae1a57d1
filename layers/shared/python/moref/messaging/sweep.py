"""Re-sends the command for messages that stood still: a lost schedule, or a worker that died."""

from datetime import datetime, timedelta
from typing import Literal

from moref.kernel.keys import GLOBAL
from moref.kernel.names import MESSAGES
from moref.messaging.later import send_command
from moref.messaging.model import Message
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Hook

LATE = timedelta(minutes=10)
_STATES: tuple[Literal["queued", "sending", "unknown"], ...] = ("queued", "sending", "unknown")


def sweep_overdue(runtime: Runtime) -> int:
    """How many were sent again. Harmless to repeat: sending looks at everything anew."""
    now, sent = runtime.clock.now(), 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for status in _STATES:
            for message in every(runtime.store, Message, organization_id, status=status):
                if _stuck(message, now):
                    runtime.queues.send(MESSAGES, send_command(message))
                    sent += 1
    return sent


def _stuck(message: Message, now: datetime) -> bool:
    if message.status == "unknown" and (message.channel == "email" or message.reason == "outcome_unknown"):
        return False  # nobody can tell any more
    return now - max(message.not_before or message.updated_at, message.updated_at) > LATE
