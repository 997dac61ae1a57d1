"""The messages that carry a link."""

from moref.messaging.model import CARRIES, Message
from moref.records import Store


def carriers(store: Store, organization_id: str, code: str) -> list[Message]:
    """The campaign messages with that link, sent or not; a person gets a few a year."""
    found = (store.find(Message, organization_id, id) for id in store.lookup(organization_id, CARRIES, code))
    return [message for message in found if message is not None]
