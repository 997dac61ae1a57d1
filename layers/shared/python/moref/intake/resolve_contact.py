"""Finds the person a CRM or a form speaks of, or makes them, and says what to write.

By the CRM's own id, else by phone, else by e-mail (keyed hashes). What a CRM says replaces what is older; a form is
filled in by somebody we do not know: it never changes an address that we already hold, or a stranger could redirect
another person's messages and rewards. A form that names an existing person with other addresses makes a contact of its
own, found by the same look-ups; so does one who gives another first name (a household's phone).

Whoever is on the erasure list is the row without a name, and nothing is written: see privacy.listed.
"""

from collections.abc import Sequence
from datetime import datetime

from moref import people
from moref.events import Event
from moref.identity.current import current
from moref.identity.names import tokens
from moref.intake import name_index
from moref.intake.consents import joined
from moref.intake.derive import newest
from moref.intake.find_contact import CRM, FORM, Said, erased, find
from moref.intake.model import Consent, Contact
from moref.kernel import ids
from moref.records import Change, Create, Emit, Point, Write
from moref.runtime import Runtime


def resolve_contact(
    runtime: Runtime,
    organization_id: str,
    *,
    location_id: str,
    connection_id: str | None = None,
    external_id: str | None = None,
    first_name: str,
    last_name: str,
    phone: str | None,
    email: str | None,
    phone_kind: str | None = None,
    language: str | None = None,
    consent: Consent | None = None,
    source: str,
    at: datetime | None = None,
    branch_said: bool = False,
    otherwise: str | None = None,
    household_keys: Sequence[str] = (),
    same_as: Sequence[str] = (),
) -> tuple[Contact, tuple[Write, ...]]:
    """The contact as it will be, and the writes to put into the caller's own commit (none when nothing is new).

    `source` is "crm" for a CRM, else which form it was. `at` is the source's time (default: now). `branch_said`: the
    location is what the source said, not a default. `otherwise` is the id of the contact, existing or not, that it is
    when nothing else identifies the person; `same_as` are other ids of the customer in that CRM. Raises BadInput on a
    phone or e-mail that cannot be one. On Conflict of the commit: call again.
    """
    now = runtime.clock.now()
    phone = people.phone(phone) if phone else None
    email = people.email(email) if email else None
    said = Said(
        organization_id=organization_id,
        location_id=location_id,
        crm_keys=[f"{connection_id}|{id}" for id in (external_id, *same_as) if connection_id and external_id],
        person_keys=people.person_keys(runtime.keys, organization_id, phone, email),
        household_keys=list(household_keys),
        fields={
            "first_name": first_name.strip(),
            "last_name": last_name.strip(),
            "phone": phone,
            "email": email,
            "phone_kind": phone_kind,
            "language": language,
            "location_id": location_id if branch_said else None,
        },
        consents=[consent] if consent else [],
        source=source,
        at=at or now,
    )
    found = find(runtime, said, otherwise)
    new_id = _new_id(said, otherwise)
    if found is None:
        found, new_id = _under(runtime, said, new_id)
    nobody = erased(runtime, said, found) if source != FORM else None
    if nobody is not None:
        return nobody, ()
    if found is None:
        made = _new(said, new_id, now)
        return made, (Create(made), *_points(said, made), *name_index.points(runtime.keys, made))
    after = _merged(found, said, now)
    lost = [point for point in _points(said, after) if not _stands(runtime, point)]
    return after, (*_change(runtime, found, after, now), *lost)


def _change(runtime: Runtime, before: Contact, after: Contact, now: datetime) -> list[Write]:
    if after is before:
        return []
    writes: list[Write] = [Change(before, after)]
    if (before.first_name, before.last_name) != (after.first_name, after.last_name):
        writes += name_index.points(runtime.keys, after)
    if _identity(before) != _identity(after):
        writes.append(Emit(Event("contact.identified", after.organization_id, after.id), now))
    return writes


def _identity(contact: Contact) -> tuple[object, ...]:
    """What others are recognised by: when it grows, attribution is asked again for the person's other jobs."""
    return contact.person_keys, contact.household_keys, contact.crm_keys


def _under(runtime: Runtime, said: Said, id: str) -> tuple[Contact | None, str]:
    """Who stands under the id, and the id. Somebody who was erased and fills in a form begins anew under another."""
    found = current(runtime.store, said.organization_id, id)
    while said.source == FORM and found is not None and found.erased_at is not None:
        id = ids.derived("con", said.organization_id, "again", found.id)
        found = current(runtime.store, said.organization_id, id)
    return found, id


def _new_id(said: Said, otherwise: str | None) -> str:
    """Derived from what names the person best, so that two copies of one webhook make one contact. A phone or an e-mail
    names a person together with the first name: others of a household or an office may have the same."""
    first_name = tokens(said.fields["first_name"])[:1]
    if said.source != CRM and said.person_keys:
        return ids.derived("con", said.organization_id, "form", *said.person_keys, *first_name)
    if said.crm_keys:
        return ids.derived("con", said.organization_id, "crm", said.crm_keys[0])
    if said.person_keys:
        return ids.derived("con", said.organization_id, "crm", said.person_keys[0], *first_name)
    return otherwise or ids.new("con")


def _new(said: Said, id: str, now: datetime) -> Contact:
    given = {name: value for name, value in said.fields.items() if value}
    return Contact(
        **{"location_id": said.location_id, **given},
        organization_id=said.organization_id,
        id=id,
        created_at=now,
        updated_at=now,
        person_keys=sorted(said.person_keys),
        household_keys=sorted(said.household_keys),
        crm_keys=said.crm_keys,
        consents=said.consents,
        source=said.source,
        known_at=dict.fromkeys(sorted(given), said.at) if said.source == CRM else {},
    )


def _merged(contact: Contact, said: Said, now: datetime) -> Contact:
    """`contact` itself when nothing is new."""
    known = {name: getattr(contact, name) for name in said.fields}
    fields, known_at = known, contact.known_at
    if said.source == CRM:
        heard = said.fields if contact.language_by == CRM else said.fields | {"language": None}
        fields, known_at = newest(known, contact.known_at, heard, said.at)
    else:
        fields |= {name: value for name, value in said.fields.items() if value and not known[name]}
    new = {
        **fields,
        "known_at": known_at,
        "person_keys": sorted({*contact.person_keys, *said.person_keys}),
        "household_keys": sorted({*contact.household_keys, *said.household_keys}),
        "crm_keys": sorted({*contact.crm_keys, *said.crm_keys}),
        "consents": joined(contact.consents, said.consents),
        "source": CRM if said.source == CRM else contact.source,
    }
    if all(getattr(contact, name) == value for name, value in new.items()):
        return contact
    return contact.changed(now, **new)


def _points(said: Said, contact: Contact) -> list[Point]:
    """Look-up items that lead to the contact."""
    wanted = [("crm_contact", key) for key in said.crm_keys] + [("person", key) for key in said.person_keys]
    return [Point(said.organization_id, kind, value, contact.id) for kind, value in wanted]


def _stands(runtime: Runtime, point: Point) -> bool:
    return point.target in runtime.store.lookup(point.organization_id, point.kind, point.value)
