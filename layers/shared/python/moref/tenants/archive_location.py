"""What must be true before a branch is archived, and what the commit that archives it relies on.

An archived branch starts nothing: no campaign, no message; its links open a page that says so, and count the visit. It
keeps its rows, its rewards are paid, and it may be reopened at any time.
"""

from moref.kernel.errors import BadInput, Conflict
from moref.records import Require, Store, every
from moref.tenants.model import Connection, Location


def refuse_or_rely(store: Store, location: Location) -> Require:
    """The other branch that stays open, as read: two that are archived at the same moment cannot both be the last.

    One that is going to another organization does not stay open. Raises Conflict when there is no other, or when an
    active connection sends this one its jobs by default.
    """
    org = location.organization_id
    for connection in every(store, Connection, org):
        if connection.status == "active" and connection.default_location_id == location.id:
            raise Conflict(f"{connection.name} sends its jobs here: give that connection another default location")
    for other in every(store, Location, org, status="active"):
        fresh = store.find(Location, org, other.id)  # the list may be a moment old
        if fresh is not None and fresh.id != location.id and fresh.status == "active" and not fresh.leaving:
            return Require(fresh)
    raise Conflict("the last open location stays open")


def refuse_archived(location: Location, field: str = "default_location_id") -> None:
    """Raises BadInput: nothing new is sent to a branch that starts nothing."""
    if location.status != "active":
        raise BadInput(f"{location.name} is archived", field=field)
    if location.leaving:
        raise BadInput(f"{location.name} is going to another organization", field=field)
