"""On contact.identified: rows that are plainly of one person are merged by themselves.

Two notices of one new person may arrive at once, one with the CRM's id alone and one with the phone alone: nothing
connects them until a third tells both. And a CRM that joined two of its records says so.
"""

from moref.identity.current import current
from moref.identity.mailbox import mailbox
from moref.identity.names import compare
from moref.intake.model import Contact
from moref.kernel.errors import BadInput
from moref.referrals.merge_contacts import merge_contacts
from moref.runtime import Runtime

LOOKED_AT = 5  # contacts that share a phone or e-mail; more is an office
BY_CRM, BY_ITSELF = "the CRM says that both are one customer", "the same phone or e-mail and the same name"


def merge_same(runtime: Runtime, organization_id: str, contact_id: str) -> int:
    """How many rows were merged. Into the one a CRM vouches for, then the older one."""
    merged = 0
    for other_id, said in _others(runtime, organization_id, contact_id):
        one = current(runtime.store, organization_id, contact_id)
        other = current(runtime.store, organization_id, other_id)
        if one is None or other is None or one.id == other.id or not (said or one_person(one, other)):
            continue
        into, old = sorted((one, other), key=lambda each: (each.source != "crm", each.created_at, each.id))
        try:
            merge_contacts(
                runtime, organization_id, old.id, into.id, actor="moref", reason=BY_CRM if said else BY_ITSELF
            )
        except BadInput:
            continue  # another worker merged them since we looked
        merged += 1
    return merged


def one_person(one: Contact, other: Contact) -> bool:
    """Sure enough to do without asking: an address in common, no other that differs, the same name or none; and never
    two customers of one CRM. A form that brings an address of its own is not believed."""
    if not set(one.person_keys) & set(other.person_keys) or _both_listed(one, other):
        return False
    if compare(one.first_name, one.last_name, other.first_name, other.last_name) not in ("same", "unknown"):
        return False
    pairs = [(one.phone, other.phone), (_mailbox(one), _mailbox(other))]
    if any(left and right and left != right for left, right in pairs):
        return False
    return not any(
        (left and not right and one.source != "crm") or (right and not left and other.source != "crm")
        for left, right in pairs
    )


def _others(runtime: Runtime, org: str, contact_id: str) -> list[tuple[str, bool]]:
    """Ids, and whether the CRM itself says that they are one."""
    contact = current(runtime.store, org, contact_id)
    if contact is None:
        return []
    listed = [id for key in contact.crm_keys for id in runtime.store.lookup(org, "crm_contact", key)]
    shared = [id for key in contact.person_keys for id in runtime.store.lookup(org, "person", key)[:LOOKED_AT]]
    return [(id, id in listed) for id in dict.fromkeys([*listed, *shared]) if id != contact.id]


def _both_listed(one: Contact, other: Contact) -> bool:
    crms = {key.partition("|")[0] for key in one.crm_keys}
    return bool(crms & {key.partition("|")[0] for key in other.crm_keys}) and not set(one.crm_keys) & set(
        other.crm_keys
    )


def _mailbox(contact: Contact) -> str | None:
    return mailbox(contact.email) if contact.email else None
