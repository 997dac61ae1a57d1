"""Looking at a message again when it is due."""

from datetime import datetime
from math import ceil

from moref.kernel import ids
from moref.kernel.clock import iso
from moref.kernel.names import MESSAGES
from moref.messaging.model import Message
from moref.runtime import Runtime


def send_command(message: Message, due: datetime | None = None) -> dict[str, str | int]:
    """`due` is for queues that hold it back till then: only afterwards it is late."""
    command: dict[str, str | int] = {
        "command": "send_message", "organization_id": message.organization_id, "message_id": message.id,
    }  # fmt: skip
    return command if due is None else command | {"due": ceil(due.timestamp())}


def later(runtime: Runtime, message: Message, due: datetime) -> None:
    """Repeating it for the same moment is one schedule."""
    name = ids.derived("send", message.organization_id, message.id, iso(due))
    runtime.scheduler.at(name, due, MESSAGES, send_command(message, due))


def hold(runtime: Runtime, message: Message, slot: datetime) -> None:
    """The message comes again at its slot and brings it along; a slot stands in no row."""
    name = ids.derived("slot", message.organization_id, message.id, iso(slot))
    runtime.scheduler.at(name, slot, MESSAGES, send_command(message) | {"slot": iso(slot)})
