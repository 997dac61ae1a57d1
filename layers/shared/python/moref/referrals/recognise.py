"""Which referrals are of this person: found by look-ups, each compared with the person before it counts. Reads only."""

from dataclasses import dataclass, field

from moref import people
from moref.identity.current import current
from moref.identity.match import Person, grounds
from moref.intake.model import Contact
from moref.ports import PlatformKeys
from moref.records import Store
from moref.referrals.model import Referral

LOOKUP = "referred"
LOOKED_AT = 25  # of those that share a key; a name or a number that more share says nothing of one of them


@dataclass(frozen=True, slots=True)
class Recognised:
    """By referral id. `doubtful`: an address in common, and wholly different names."""

    sure: dict[str, Referral] = field(default_factory=dict)
    doubtful: dict[str, Referral] = field(default_factory=dict)


def ways(keys: PlatformKeys, contact: Contact) -> list[str]:
    """Look-up values under which a referred person's referrals stand."""
    named = people.name_keys(keys, contact.organization_id, contact.first_name, contact.last_name)
    return [contact.id, *contact.person_keys, *contact.household_keys, *named]


def person(contact: Contact) -> Person:
    return Person(
        first_name=contact.first_name, last_name=contact.last_name, phone=contact.phone, email=contact.email,
        keys=frozenset((*contact.person_keys, *contact.household_keys)),
    )  # fmt: skip


def recognised(store: Store, keys: PlatformKeys, contact: Contact) -> Recognised:
    """Strongly consistent. Found by the contact's own id, it is theirs whatever they are called now."""
    found = Recognised()
    for value in ways(keys, contact):
        targets = store.lookup(contact.organization_id, LOOKUP, value)
        if len(targets) > LOOKED_AT and value != contact.id:
            continue
        for id in targets:
            if id in found.sure or (id in found.doubtful and value != contact.id):
                continue
            referral = store.find(Referral, contact.organization_id, id)
            if referral is None:
                continue
            if value == contact.id or _same(store, contact, referral):
                found.doubtful.pop(id, None)
                found.sure[id] = referral
            elif value in contact.person_keys:
                found.doubtful[id] = referral
    return found


def _same(store: Store, contact: Contact, referral: Referral) -> bool:
    friend = current(store, referral.organization_id, referral.contact_id)
    return friend is None or friend.id == contact.id or bool(grounds(person(contact), person(friend)))
