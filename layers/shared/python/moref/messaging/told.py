"""The event of how far a message of a campaign is; goes into the commit of the change itself."""

from moref.events import Event
from moref.messaging.model import Message
from moref.records import Emit


def told(after: Message) -> list[Emit]:
    """Empty for messages that no campaign sent: nobody counts those."""
    if after.enrollment_id is None or after.step is None:
        return []
    return [Emit(Event("message.changed", after.organization_id, after.id, {"status": after.status}), after.updated_at)]
