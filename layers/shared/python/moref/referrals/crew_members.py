"""Crew members of a branch, each with a permanent link of their own for a QR code."""

from typing import Any

from moref.intake.model import Contact
from moref.kernel import codes, ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Write, create_once, get
from moref.referrals.advocates import advocate_id
from moref.referrals.ensure_link import link_and_door
from moref.referrals.model import Advocate, CrewMember
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location

SOURCE = "crew"


def create_crew_member(
    runtime: Runtime, organization_id: str, id: str, *, location_id: str, name: str, actor: str
) -> CrewMember:
    """With contact, advocate and link in one commit. `id` is the caller's: derived from an idempotency key, a repeated
    call meets the first. The contact is in no look-up: a customer of the same name is somebody else.

    Raises NotFound, BadInput (location_id) when the branch is archived.
    """
    store, now = runtime.store, runtime.clock.now()
    location = get(store, Location, organization_id, location_id)
    if location.status != "active":
        raise BadInput(f"{location.name} is archived", field="location_id")
    made: dict[str, Any] = {"organization_id": organization_id, "created_at": now, "updated_at": now}
    place = made | {"location_id": location_id}
    contact_id = ids.derived("con", organization_id, SOURCE, id)
    advocate, code = advocate_id(organization_id, contact_id), codes.new()
    create_once(
        store,
        CrewMember(**place, id=id, name=name, advocate_id=advocate, code=code),
        Create(Contact(**place, id=contact_id, first_name=name, source=SOURCE)),
        Create(Advocate(**place, id=advocate, kind="house", contact_id=contact_id, links={location_id: code})),
        *link_and_door(organization_id, advocate, location_id, code, now),
        audited(now, organization_id, actor, "crew_member.created", id),
    )
    return get(store, CrewMember, organization_id, id)


def change_crew_member(
    runtime: Runtime, organization_id: str, id: str, fields: dict[str, Any], *, version: int, actor: str
) -> CrewMember:
    """`fields`: name, status. Whoever is archived keeps the link: it goes on leading to the branch.

    Raises Conflict when the caller's version is no longer current, NotFound.
    """
    store, now = runtime.store, runtime.clock.now()
    before = get(store, CrewMember, organization_id, id)
    if before.version != version:
        raise Conflict(f"the crew member is at version {before.version}")
    writes: list[Write] = [Change(before, before.changed(now, **fields))]
    contact = store.find(Contact, organization_id, ids.derived("con", organization_id, SOURCE, id))
    if contact is not None and fields.get("name", contact.first_name) != contact.first_name:
        writes.append(Change(contact, contact.changed(now, first_name=fields["name"])))
    names = ",".join(sorted(fields))
    store.commit(*writes, audited(now, organization_id, actor, "crew_member.changed", id, fields=names))
    return get(store, CrewMember, organization_id, id)
