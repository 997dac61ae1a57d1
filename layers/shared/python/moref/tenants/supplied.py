"""Which facts reach a location: what a program may wait for."""

from moref.kernel.errors import BadInput
from moref.programs.model import Program
from moref.records import Store, every, get
from moref.tenants.model import Connection, Location


def supplied(store: Store, organization_id: str, location_id: str | None) -> frozenset[str]:
    """Kinds of fact that an active connection of the location tells; of any connection, when no location is named.

    A connection is a location's when jobs of no named branch go there, or when the location has a branch name, by which
    any connection's jobs may find it.
    """
    found = [one for one in every(store, Connection, organization_id) if one.status == "active"]
    if location_id is not None:
        branch = get(store, Location, organization_id, location_id).crm_branch
        found = [one for one in found if branch or one.default_location_id == location_id]
    return frozenset(kind for one in found for kind in one.supplies)


def refuse_unsupplied(store: Store, program: Program) -> None:
    """Raises BadInput naming the field, and which facts there are."""
    known = supplied(store, program.organization_id, program.location_id)
    tiers = [*program.tiers, *(tier for group in program.tier_groups.values() for tier in group)]
    needs: dict[str, str | None] = {
        "qualifying_fact": program.qualifying_fact,
        "hold_fact": program.hold_fact,
        "minimum_amount": "amount" if program.minimum_amount else None,
        "tiers": "amount" if any(tier.basis_points is not None for tier in tiers) else None,
    }
    for field, fact in needs.items():
        if fact is not None and fact not in known:
            words = ", ".join(sorted(known)) or "nothing, since none is connected"
            where = "this location" if program.location_id else "this organization"
            raise BadInput(f"no connection of {where} tells {fact!r}; they tell {words}", field=field)
