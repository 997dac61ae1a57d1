"""The row that counts of a person whose rows were merged."""

from moref.intake.model import Contact
from moref.kernel.errors import NotFound
from moref.records import Store

LONGEST = 20  # merges in a row; more is a circle, which merging refuses to make


def current(store: Store, organization_id: str, contact_id: str) -> Contact | None:
    """Follows merges to their end; None when there is no such contact. Strongly consistent."""
    contact = store.find(Contact, organization_id, contact_id)
    for _ in range(LONGEST):
        if contact is None or contact.merged_into is None:
            return contact
        contact = store.find(Contact, organization_id, contact.merged_into)
    raise NotFound(f"no end of merges from contact {contact_id}")
