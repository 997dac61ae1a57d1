"""Which contact a CRM or a form speaks of: by the CRM's own id, else by who shares most of phone and e-mail.

What keeps people apart who share an address stands here: a household's phone, an office's stand-in for no e-mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moref.identity.current import current
from moref.identity.mailbox import mailbox
from moref.identity.names import first_agrees, tokens
from moref.intake.model import Consent, Contact
from moref.privacy.listed import customer_keys, erased_contact
from moref.runtime import Runtime

CRM, FORM = "crm", "quote form"
LOOKED_AT = 5  # of the contacts that share a phone or an e-mail


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of the person, in normal form."""

    organization_id: str
    location_id: str
    crm_keys: list[str]  # the customer's id there first, then others that the CRM says are theirs
    person_keys: list[str]  # phone first
    household_keys: list[str]
    fields: dict[str, Any]
    consents: list[Consent]
    source: str
    at: datetime


def find(runtime: Runtime, said: Said, otherwise: str | None) -> Contact | None:
    store, organization = runtime.store, said.organization_id
    for crm_key in said.crm_keys:
        for id in store.lookup(organization, "crm_contact", crm_key):
            return current(store, organization, id)
    for key in said.person_keys:
        targets = store.lookup(organization, "person", key)[:LOOKED_AT]
        candidates = [current(store, organization, id) for id in targets]
        alive = {contact.id: contact for contact in candidates if contact is not None and contact.erased_at is None}
        best = _best(list(alive.values()), said)
        if best is not None:
            return best
    kept = current(store, organization, otherwise) if otherwise is not None else None
    return None if kept is None or _is_another(kept, said) else kept


def erased(runtime: Runtime, said: Said, found: Contact | None) -> Contact | None:
    """The row without a name, when it is somebody on the erasure list. Another of their household is not."""
    if found is not None and (found.erased_at is not None or set(said.crm_keys) & set(found.crm_keys)):
        return found if found.erased_at is not None else None
    store, org = runtime.store, said.organization_id
    keys = customer_keys(runtime.keys, org, said.crm_keys) + ([] if found is not None else said.person_keys)
    id = erased_contact(store, org, keys)
    return None if id is None else current(store, org, id)


def _is_another(contact: Contact, said: Said) -> bool:
    """Both are known by the same kind of thing, and differ in it: two people."""
    if said.crm_keys and contact.crm_keys and not set(said.crm_keys) & set(contact.crm_keys):
        return True
    return not _no_other_address(contact, said, unless_unknown=True)


def _best(candidates: Sequence[Contact], said: Said) -> Contact | None:
    """Who shares the most keys; then whom a CRM vouches for; then, so that it is always the same one, the first id."""
    if said.source != CRM:
        candidates = [contact for contact in candidates if _no_other_address(contact, said)]
    candidates = [
        contact
        for contact in candidates
        if not _another_customer(contact, said) and not _named_otherwise(contact, said)
    ]
    ranked = sorted(
        candidates,
        key=lambda contact: (-len(set(said.person_keys) & set(contact.person_keys)), contact.source != CRM, contact.id),
    )
    return ranked[0] if ranked else None


def _another_customer(contact: Contact, said: Said) -> bool:
    """The same CRM lists both, and they differ in an address: a household, or an office's stand-in for no e-mail."""
    crms = {key.partition("|")[0] for key in said.crm_keys}
    listed = {key for key in contact.crm_keys if key.partition("|")[0] in crms}
    if not listed or listed & set(said.crm_keys):
        return False
    return not _no_other_address(contact, said, unless_unknown=True)


def _named_otherwise(contact: Contact, said: Said) -> bool:
    """Another first name under one shared address: two people of a household or an office. Under both it is one."""
    agrees = first_agrees(tokens(said.fields["first_name"]), tokens(contact.first_name))
    if agrees is not False:
        return False
    shared = set(said.person_keys) & set(contact.person_keys)
    return len({key[0] for key in shared}) < 2


def _no_other_address(contact: Contact, said: Said, *, unless_unknown: bool = False) -> bool:
    """`unless_unknown`: an address of a kind that the contact has none of is no other one. Spellings make no other."""
    phones, mails = ((said.fields[name], getattr(contact, name)) for name in ("phone", "email"))
    pairs = [phones, (mails[0] and mailbox(mails[0]), mails[1] and mailbox(mails[1]))]
    return all(new is None or new == old or (unless_unknown and old is None) for new, old in pairs)
