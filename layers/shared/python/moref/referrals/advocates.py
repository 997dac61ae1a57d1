"""Which advocate row is a person's, whom a link credits, and who is meant by a name."""

from moref.identity.current import current
from moref.identity.names import compare
from moref.intake.model import Contact
from moref.kernel import ids
from moref.ports import PlatformKeys
from moref.records import Store
from moref.referrals.model import Advocate

LOOKUP = "advocate_of"  # contact id -> advocate, where a merge brought the advocate another contact
NAMESAKES = 50
LONGEST = 20


def advocate_id(organization_id: str, contact_id: str) -> str:
    return ids.derived("adv", organization_id, contact_id)


def advocate_of(store: Store, organization_id: str, contact_id: str) -> Advocate | None:
    """The row that counts; strongly consistent."""
    brought = store.lookup(organization_id, LOOKUP, contact_id)
    for id in (advocate_id(organization_id, contact_id), *brought):
        found = credited(store, organization_id, id)
        if found is not None:
            return found
    return None


def credited(store: Store, organization_id: str, id: str) -> Advocate | None:
    """Follows merges: an old link goes on earning for the same person."""
    advocate = store.find(Advocate, organization_id, id)
    for _ in range(LONGEST):
        if advocate is None or advocate.merged_into is None:
            break
        advocate = store.find(Advocate, organization_id, advocate.merged_into)
    return advocate


def of_name(store: Store, keys: PlatformKeys, organization_id: str, name: str, location_id: str) -> list[Advocate]:
    """Active advocates of that full name (nicknames count), by id: those of the location, else the organization's."""
    from moref import people  # brings the numbering plans of the world, which a decision does without

    first, _, last = name.rpartition(" ")
    values = people.name_keys(keys, organization_id, first, last)
    contacts = [current(store, organization_id, id) for id in _namesakes(store, organization_id, values)]
    found: dict[str, Advocate] = {}
    for contact in contacts:
        advocate = _advocate_named(store, contact, first, last) if contact else None
        if advocate is not None:
            found[advocate.id] = advocate
    here = [advocate for advocate in found.values() if location_id in advocate.links]
    return sorted(here or found.values(), key=lambda advocate: advocate.id)


def _namesakes(store: Store, organization_id: str, values: list[str]) -> list[str]:
    ids = {id for value in values for id in store.lookup(organization_id, "person", value)}
    return sorted(ids)[:NAMESAKES]


def _advocate_named(store: Store, contact: Contact, first: str, last: str) -> Advocate | None:
    """The look-up item may be of a name they no longer have."""
    if compare(first, last, contact.first_name, contact.last_name) != "same":
        return None
    advocate = advocate_of(store, contact.organization_id, contact.id)
    return advocate if advocate is not None and advocate.status == "active" else None
