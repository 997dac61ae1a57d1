"""The event of how far a message is; goes into the commit of the change itself."""

from moref.events import Event
from moref.messaging.model import Message
from moref.records import Emit


def told(after: Message) -> list[Emit]:
    """That it left, of any but those to staff, which are not counted; what came after only of a campaign's."""
    of_campaign = after.enrollment_id is not None and after.step is not None
    if not of_campaign and (after.kind == "staff" or after.status != "sent"):
        return []
    return [Emit(Event("message.changed", after.organization_id, after.id, {"status": after.status}), after.updated_at)]
