"""A row as a copy shows it: without secrets, and without codes that only their recipient is to know."""

from typing import Any

from moref.messaging.model import CONFIDENTIAL, Message
from moref.privacy.inventory import INVENTORY
from moref.records import Entity

_SAID = ("fields", "subject", "body")


def shown(row: Entity) -> dict[str, Any]:
    """JSON types, by field."""
    hidden = INVENTORY[row.noun].secret
    found = {"id": row.id, "version": row.version} | {
        name: value for name, value in row.data().items() if name not in hidden
    }
    if isinstance(row, Message) and row.template in CONFIDENTIAL:
        found |= dict.fromkeys(_SAID)
    return found
