"""The campaigns that count at a location: what a check over all of them at once looks at."""

from moref.campaigns.definition import Definition
from moref.campaigns.effective import all_effective, definition_of
from moref.records import Store

_COUNT = ("active", "paused")  # a paused one goes on without being saved again


def in_force(store: Store, organization_id: str, location_id: str) -> dict[str, Definition]:
    """Campaign id -> its definition there."""
    found = all_effective(store, organization_id, location_id)
    return {
        id: definition_of(store, organization_id, one)
        for id, one in found.items()
        if one.status in _COUNT and (one.version_id or one.definition_from == "ready_made")
    }
