"""Gives a contact the permanent link of one location, the same one for ever."""

from collections.abc import Callable
from datetime import datetime

from moref.identity.current import current
from moref.kernel import codes
from moref.kernel.errors import Conflict, NotFound
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, get
from moref.referrals.advocates import advocate_id, advocate_of
from moref.referrals.model import Advocate, Door, Link
from moref.runtime import Runtime
from moref.tenants.model import Location

TRIES = 5  # a lost race is settled by the next read; more means something is wrong, and the queue redelivers


def ensure_link(
    runtime: Runtime,
    organization_id: str,
    contact_id: str,
    location_id: str,
    *,
    new_code: Callable[[], str] = codes.new,
) -> Link:
    """Makes the advocate, the link and the redirect's door row in one commit, or finds them.

    Raises NotFound when contact or location are not the organization's; Conflict on a new one for a branch that went to
    another organization, and when five races were lost.
    """
    store = runtime.store
    contact = current(store, organization_id, contact_id)
    if contact is None:
        raise NotFound(f"no contact {contact_id}")
    contact_id = contact.id
    location = get(store, Location, organization_id, location_id)
    for _ in range(TRIES):
        advocate = advocate_of(store, organization_id, contact_id)
        if advocate is not None and location_id in advocate.links:
            return get(store, Link, organization_id, advocate.links[location_id])
        if location.transferred_to is not None:
            raise Conflict(f"{location.name} went to {location.transferred_to}: new links are made there")
        code = new_code()
        try:
            store.commit(*_writes(advocate, organization_id, contact_id, location_id, code, now=runtime.clock.now()))
        except Conflict:
            continue  # another caller was first, an approval moved the advocate, or the code is taken: look again
        return get(store, Link, organization_id, code)
    raise Conflict("the advocate's link is being made by others")


def _writes(
    advocate: Advocate | None, organization_id: str, contact_id: str, location_id: str, code: str, *, now: datetime
) -> tuple[Write, ...]:
    owner = advocate.id if advocate else advocate_id(organization_id, contact_id)
    first: Write
    if advocate is None:
        first = Create(
            Advocate(
                organization_id=organization_id, id=owner, created_at=now, updated_at=now,
                contact_id=contact_id, location_id=location_id, links={location_id: code},
            )
        )  # fmt: skip
    else:
        first = Change(advocate, advocate.changed(now, links={**advocate.links, location_id: code}))
    return first, *link_and_door(organization_id, owner, location_id, code, now)


def link_and_door(
    organization_id: str, advocate_id: str, location_id: str, code: str, now: datetime
) -> tuple[Write, Write]:
    """A new code, and what the redirect reads for it."""
    link = Link(
        organization_id=organization_id, id=code, created_at=now, updated_at=now,
        advocate_id=advocate_id, location_id=location_id,
    )  # fmt: skip
    door = Door(
        organization_id=GLOBAL, id=code, created_at=now, updated_at=now,
        owner_id=organization_id, location_id=location_id, advocate_id=advocate_id,
    )  # fmt: skip
    return Create(link), Create(door)
