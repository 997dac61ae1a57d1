"""Which organizations somebody belongs to, found by the address they proved."""

from dataclasses import dataclass

from moref.kernel.errors import NotFound
from moref.kernel.keys import GLOBAL
from moref.records import Store
from moref.runtime import Runtime
from moref.signin.model import INVITATIONS, MEMBERSHIPS, Invitation, Person
from moref.tenants.model import Member, Organization


@dataclass(frozen=True, slots=True)
class Membership:
    member: Member
    organization: Organization


def memberships(store: Store, person: Person) -> list[Membership]:
    """Active ones, strongly consistent, in the order of their names."""
    found = []
    for organization_id, member_id in targets(store, MEMBERSHIPS, person.id):
        member = store.find(Member, organization_id, member_id)
        organization = store.find(Organization, organization_id, organization_id)
        if organization and member and member.status == "active" and member.email == person.email:
            found.append(Membership(member, organization))
    return sorted(found, key=lambda each: (each.organization.name, each.organization.id))


def invitations(runtime: Runtime, person: Person) -> list[tuple[Invitation, Organization]]:
    """Open ones."""
    found = []
    for organization_id, id in targets(runtime.store, INVITATIONS, person.id):
        invitation = runtime.store.find(Invitation, organization_id, id)
        organization = runtime.store.find(Organization, organization_id, organization_id)
        if organization and invitation and is_open(runtime, invitation):
            found.append((invitation, organization))
    return found


def is_open(runtime: Runtime, invitation: Invitation) -> bool:
    return invitation.status == "open" and runtime.clock.now() < invitation.expires_at


def chosen(found: list[Membership], wanted: str | None, usual: str | None) -> Membership | None:
    """The one that was asked for, else the usual one, else the first; None when there is none.

    Raises NotFound on an organization they do not belong to.
    """
    by_id = {each.organization.id: each for each in found}
    if wanted is not None and wanted not in by_id:
        raise NotFound
    return by_id.get(wanted or usual or "") or next(iter(found), None)


def targets(store: Store, kind: str, person_id: str) -> list[tuple[str, str]]:
    pairs = (target.partition("/") for target in store.lookup(GLOBAL, kind, person_id))
    return [(organization_id, id) for organization_id, _, id in pairs]
