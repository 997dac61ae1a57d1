"""Two rows of one person become one: the row that counts takes over keys, consents and opt-outs; both rows are kept.

The first commit joins the two rows and writes the look-ups anew; what points at the old row (jobs, referrals, advocate,
enrollments) follows on contact.merged, step by step, each step harmless when repeated (see merge_rows).
"""

from datetime import datetime
from typing import Any

from moref import people
from moref.events import Event
from moref.identity.current import current
from moref.intake import name_index
from moref.intake.model import Consent, Contact
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import Change, Emit, Point, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
MERGED = "merged"  # look-up kind: the contact that counts leads to those that were merged into it
_ADDRESSES = ("phone", "email")


def merge_contacts(
    runtime: Runtime, organization_id: str, contact_id: str, into_id: str, *, actor: str, reason: str
) -> Contact:
    """The row that counts. Merging again changes nothing. `actor`: a member id, or "moref".

    What `into` says of the person stays; gaps are filled from a row that a CRM or staff vouch for, never from a form.
    Raises NotFound; BadInput when both are one already; Conflict when it was merged into somebody else, or races were
    lost.
    """
    for _ in range(TRIES):
        old = get(runtime.store, Contact, organization_id, contact_id)
        into = current(runtime.store, organization_id, into_id)
        if into is None:
            raise NotFound(f"no contact {into_id}")
        if old.id == into.id:
            raise BadInput("a contact is not merged into itself", field="into")
        if old.erased_at is not None or into.erased_at is not None:
            raise BadInput("somebody who was erased is merged with nobody", field="into")
        if old.merged_into is not None:
            if current(runtime.store, organization_id, old.id) == into:
                return into
            raise Conflict("it was merged into another contact before")
        try:
            runtime.store.commit(*_writes(runtime, old, into, actor, reason))
        except Conflict:
            continue  # a notice, or another merge, changed one of them
        return get(runtime.store, Contact, organization_id, into.id)
    raise Conflict("the contacts are being changed by others")


def _writes(runtime: Runtime, old: Contact, into: Contact, actor: str, reason: str) -> list[Write]:
    now, org = runtime.clock.now(), old.organization_id
    after = into.changed(now, **_joined(old, into, vouched=actor != "moref" or old.source == "crm"))
    keys = [("person", key) for key in old.person_keys] + [("crm_contact", key) for key in old.crm_keys]
    named = people.name_keys(runtime.keys, org, old.first_name, old.last_name)
    return [
        Change(old, old.changed(now, merged_into=into.id)),
        Change(into, after),
        *(Point(org, kind, key, into.id) for kind, key in [*keys, *(("person", key) for key in named)]),
        Point(org, MERGED, into.id, old.id),
        *(point for point in name_index.points(runtime.keys, after) if point.value not in named),
        audited(now, org, actor, "contact.merged", old.id, into=into.id, reason=reason[:500]),
        Emit(Event("contact.merged", org, old.id, {"into": into.id}), now),
        Emit(Event("contact.identified", org, into.id), now),
    ]


def _joined(old: Contact, into: Contact, *, vouched: bool) -> dict[str, Any]:
    gaps = ("first_name", "last_name", "phone_kind", *_ADDRESSES) if vouched else ()
    filled = {name: getattr(old, name) for name in gaps if getattr(old, name) and not getattr(into, name)}
    addresses = {name: filled.get(name) or getattr(into, name) for name in _ADDRESSES}
    return filled | {
        "person_keys": sorted({*into.person_keys, *old.person_keys}),
        "household_keys": sorted({*into.household_keys, *old.household_keys}),
        "crm_keys": sorted({*into.crm_keys, *old.crm_keys}),
        "consents": _consents(old, into, addresses),
        "opted_out": _earliest(old.opted_out, into.opted_out),
        "marketing_paused_at": into.marketing_paused_at or old.marketing_paused_at,
        "unread_replies": [*dict.fromkeys([*into.unread_replies, *old.unread_replies])],
        **({"language": old.language, "language_by": old.language_by} if into.language_by == "crm" else {}),
        "source": "crm" if "crm" in (old.source, into.source) else into.source,
        "known_at": {name: old.known_at[name] for name in filled if name in old.known_at} | into.known_at,
    }


def _consents(old: Contact, into: Contact, addresses: dict[str, str | None]) -> list[Consent]:
    """Consent was given for an address: it comes along only where that is the address from now on."""
    phone = old.phone == addresses["phone"]
    same = {"sms": phone, "whatsapp": phone, "email": old.email == addresses["email"]}
    every = {
        (each.at, each.channel, each.source, each.text, each.withdrawn, each.history): each
        for each in [*into.consents, *(consent for consent in old.consents if same[consent.channel])]
    }
    return [every[key] for key in sorted(every)]


def _earliest(one: dict[str, datetime], two: dict[str, datetime]) -> dict[str, datetime]:
    """Who said stop under either row meant all of them."""
    return {channel: min(each[channel] for each in (one, two) if channel in each) for channel in sorted({*one, *two})}
