"""Who a contact of the seller is at the buyer: somebody known there, or a new contact; never one who was erased.

What the buyer knows of a person stays; the branch fills gaps. Opt-outs of both sides hold. Where consents do not go
along, the buyer's own customer gets no address by the sale: who is a customer may be advertised to by e-mail.
"""

from datetime import datetime
from typing import Any

from moref import people
from moref.events import Event
from moref.identity.current import current
from moref.intake import name_index
from moref.intake.consents import joined
from moref.intake.find_contact import CRM, Said, erased, find
from moref.intake.model import TRANSFERRED, Consent, Contact
from moref.kernel import ids
from moref.kernel.errors import Conflict, NotFound
from moref.records import Change, Create, Emit, Point, Require, Write, get
from moref.transfers import wishes
from moref.transfers.crossing import Crossing
from moref.transfers.model import MovedContact

TRIES = 5
_NAMES = ("first_name", "last_name")
_GAPS = (*_NAMES, "phone", "email", "phone_kind")


def bring(one: Crossing, contact_id: str) -> Contact:
    """The buyer's row. Repeating it tells only later opt-outs. Raises NotFound; Conflict after lost races."""
    store = one.runtime.store
    for _ in range(TRIES):
        theirs = current(store, one.seller, contact_id)
        if theirs is None:
            raise NotFound(f"no contact {contact_id}")
        wishes.pair(one.runtime, one.seller, one.buyer, theirs.phone, theirs.email)
        before = store.find(MovedContact, one.buyer, moved_id(one, theirs.id))
        known = current(store, one.buyer, before.contact_id) if before is not None else None
        try:
            if before is None or known is None:
                return _made(one, theirs)
            return _later(one, theirs, known, since=before.created_at)
        except Conflict:
            continue
    raise Conflict("the contact is being changed by others")


def moved_id(one: Crossing, contact_id: str) -> str:
    return ids.derived("mvc", one.offer.id, contact_id)


def mark(one: Crossing, theirs: Contact, ours: str, now: datetime) -> list[Write]:
    """That this is who they are; holds only while they are as they were read."""
    id = moved_id(one, theirs.id)
    moved = MovedContact(organization_id=one.buyer, id=id, created_at=now, updated_at=now, contact_id=ours)
    return [Create(moved), Require(theirs)]


def _later(one: Crossing, theirs: Contact, known: Contact, *, since: datetime) -> Contact:
    """What was taken back at the seller while the branch went, after the person had come: a consent, or all of it until
    staff have read a reply."""
    if known.erased_at is not None or theirs.erased_at is not None:
        return known
    paused = theirs.marketing_paused_at
    fields: dict[str, Any] = {}
    consents = joined(
        known.consents, (each for each in _of_same(one, theirs, known.phone, known.email) if each.withdrawn)
    )
    if consents != known.consents:
        fields["consents"] = consents
    if paused is not None and paused >= since and known.marketing_paused_at is None:
        fields["marketing_paused_at"] = paused
    if not fields:
        return known
    one.runtime.store.commit(Change(known, known.changed(one.runtime.clock.now(), **fields)))
    return get(one.runtime.store, Contact, one.buyer, known.id)


def _made(one: Crossing, theirs: Contact) -> Contact:
    runtime, now = one.runtime, one.runtime.clock.now()
    if theirs.erased_at is not None:
        nameless = _row(one, theirs, now, erased_at=theirs.erased_at, source=theirs.source)
        runtime.store.commit(Create(nameless), *mark(one, theirs, nameless.id, now))
        return get(runtime.store, Contact, one.buyer, nameless.id)
    said = _said(one, theirs, now)
    found = find(runtime, said, None)
    nobody = erased(runtime, said, found)
    if nobody is not None:
        runtime.store.commit(*mark(one, theirs, nobody.id, now))
        return nobody
    if found is not None:
        after = found.changed(now, **_joined(one, theirs, found, said))
        write: Write = Change(found, after)
    else:
        after = _new(one, theirs, said, now)
        write = Create(after)
    runtime.store.commit(
        write,
        *(Point(one.buyer, "person", key, after.id) for key in said.person_keys),
        *name_index.points(runtime.keys, after),
        *mark(one, theirs, after.id, now),
        Emit(Event("contact.identified", one.buyer, after.id), now),
    )
    return get(runtime.store, Contact, one.buyer, after.id)


def _said(one: Crossing, theirs: Contact, now: datetime) -> Said:
    """As a CRM would say it: somebody vouched for this person's addresses."""
    return Said(
        organization_id=one.buyer, location_id=one.becomes, crm_keys=[],
        person_keys=people.person_keys(one.runtime.keys, one.buyer, theirs.phone, theirs.email), household_keys=[],
        fields={name: getattr(theirs, name) for name in _GAPS}, consents=[], source=CRM, at=now,
    )  # fmt: skip


def _row(one: Crossing, theirs: Contact, now: datetime, **fields: Any) -> Contact:
    return Contact(
        organization_id=one.buyer, id=ids.derived("con", one.buyer, one.offer.id, theirs.id), created_at=now,
        updated_at=now, location_id=one.becomes, **fields,
    )  # fmt: skip


def _new(one: Crossing, theirs: Contact, said: Said, now: datetime) -> Contact:
    since = theirs.customer_since if theirs.imported else theirs.created_at if theirs.crm_keys else None
    return _row(
        one, theirs, now, **said.fields, person_keys=sorted(said.person_keys), language=theirs.language,
        language_by=theirs.language_by, consents=_consents(one, theirs), opted_out=theirs.opted_out,
        marketing_paused_at=theirs.marketing_paused_at,
        source=theirs.source if one.offer.consents_continue else TRANSFERRED,
        imported=True,  # the row's day is nobody's first
        customer_since=since,
    )  # fmt: skip


def _joined(one: Crossing, theirs: Contact, found: Contact, said: Said) -> dict[str, Any]:
    addresses = one.offer.consents_continue or found.source == TRANSFERRED
    gaps = {name: value for name, value in said.fields.items() if addresses or name in _NAMES}
    filled = {name: value for name, value in gaps.items() if value and not getattr(found, name)}
    phone, email = (filled.get(name) or getattr(found, name) for name in ("phone", "email"))
    came = _of_same(one, theirs, phone, email)
    both = (theirs.opted_out, found.opted_out)
    return filled | {
        "person_keys": sorted({*found.person_keys, *said.person_keys}),
        "consents": joined(found.consents, came),
        "opted_out": {name: min(each[name] for each in both if name in each) for name in sorted({*both[0], *both[1]})},
        "marketing_paused_at": found.marketing_paused_at or theirs.marketing_paused_at,
    }


def _of_same(one: Crossing, theirs: Contact, phone: str | None, email: str | None) -> list[Consent]:
    """Consent was given for an address: it comes along only where that is the address there."""
    same = {"sms": theirs.phone == phone, "email": theirs.email == email}
    return [each for each in _consents(one, theirs) if same["email" if each.channel == "email" else "sms"]]


def _consents(one: Crossing, theirs: Contact) -> list[Consent]:
    """Words, time and source as they were given. What is history stays history."""
    note = f"given to {one.offer.owner_name}; came with {one.offer.branch} on {one.into.created_at.date().isoformat()}"
    plain = not one.offer.consents_continue
    return [each.model_copy(update={"note": note, "history": plain or each.history}) for each in theirs.consents]
