"""The erasure list as intake asks it: is whoever a source speaks of somebody who was erased?

It binds what comes from a CRM or from staff, replays and restores included. A quote form that a person fills in
themselves afterwards is a new beginning: it makes a contact of its own, and what the CRM says of the same phone still
goes to the row without a name.
"""

from collections.abc import Iterable

from moref.people import person_key
from moref.ports import PlatformKeys
from moref.privacy.model import ErasedKey
from moref.records import Store


def customer_keys(keys: PlatformKeys, organization_id: str, crm_keys: Iterable[str]) -> list[str]:
    """Keyed hashes of "<connection>|<the CRM's id>"."""
    return [person_key(keys, organization_id, "customer", each) for each in crm_keys]


def erased_contact(store: Store, organization_id: str, keys: Iterable[str]) -> str | None:
    """The id of the row without a name that one of the keyed hashes leads to. Strongly consistent."""
    for key in keys:
        found = store.find(ErasedKey, organization_id, key)
        if found is not None:
            return found.contact_id
    return None
