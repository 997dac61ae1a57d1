"""A friend filled in the quote form: contact, lead, referral and the event in one commit, once for each form."""

from dataclasses import astuple, dataclass

from moref import people
from moref.events import Event
from moref.intake.find_contact import FORM
from moref.intake.model import Address, Consent, Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel import ids
from moref.kernel.errors import Conflict, NotFound
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Emit, Point, Write, get
from moref.referrals.advocates import credited
from moref.referrals.attribution import with_evidence
from moref.referrals.evidence import referral_id
from moref.referrals.model import Door, Evidence, EvidenceKind, Lead, Referral, Submitter
from moref.referrals.recognise import LOOKUP, recognised, ways
from moref.runtime import Runtime

TRIES = 5


@dataclass(frozen=True, slots=True)
class Quote:
    """A checked form. `nonce` is the form's own: the same nonce is the same lead. `consent_text` is what was shown."""

    nonce: str
    first_name: str
    last_name: str
    phone: str | None  # E.164
    email: str | None  # normalised
    origin_zip: str | None
    destination_zip: str | None
    move_date: str | None  # ISO date
    notes: str
    consent_text: str | None  # None: texts were not agreed to
    consent_version: str
    origin_street: str | None = None  # with the ZIP code the household is recognised


def lead_id(organization_id: str, code: str, quote: Quote) -> str:
    """A form sent twice is one lead; gone back to and put right it is another, or the better phone would be lost."""
    return ids.derived("lead", organization_id, code, *(value or "" for value in astuple(quote)))


def request_quote(runtime: Runtime, code: str, quote: Quote, *, by: Submitter = "friend") -> Lead:
    """The lead, new or the one this form made before. `code` is normalised; `by` is who typed it.

    A friend who comes twice by the same advocate is one referral with several leads. Raises NotFound on an unknown
    code, Conflict when five races were lost.
    """
    store = runtime.store
    door = store.find(Door, GLOBAL, code)
    if door is None:
        raise NotFound(f"no link {code}")
    id = lead_id(door.owner_id, code, quote)
    for _ in range(TRIES):
        known = store.find(Lead, door.owner_id, id)
        if known is not None:
            return known
        try:
            store.commit(*_writes(runtime, door, id, quote, by))
        except Conflict:
            continue  # the same form twice at once, or the same person elsewhere
        return get(store, Lead, door.owner_id, id)
    raise Conflict("the lead is being made by others")


def _writes(runtime: Runtime, door: Door, id: str, quote: Quote, by: Submitter) -> tuple[Write, ...]:
    now = runtime.clock.now()
    org = door.owner_id
    consent = None
    if quote.consent_text and quote.phone:
        consent = Consent(
            channel="sms", text=quote.consent_text, at=now, source=FORM, text_version=quote.consent_version
        )
    contact, contact_writes = resolve_contact(
        runtime, org, location_id=door.location_id,
        first_name=quote.first_name, last_name=quote.last_name, phone=quote.phone, email=quote.email,
        consent=consent, source=FORM,
        household_keys=_home(runtime, org, quote),
    )  # fmt: skip
    kind: EvidenceKind = "quote_form" if by == "friend" else "lead_submitted"
    evidence = Evidence(kind=kind, at=now, source_id=id, code=door.id)
    referral, referral_writes = _referral(runtime, door, contact, id, evidence)
    lead = Lead(
        organization_id=org, id=id, created_at=now, updated_at=now,
        location_id=door.location_id, contact_id=contact.id, referral_id=referral.id, code=door.id,
        origin=_place(quote.origin_zip, quote.origin_street), destination=_place(quote.destination_zip),
        move_date=quote.move_date, notes=quote.notes, submitted_by=by,
        submitted_name="" if by == "friend" else f"{quote.first_name} {quote.last_name}".strip(),
    )  # fmt: skip
    created = Event("lead.created", org, lead.id, {"referral_id": referral.id})
    return Create(lead), *contact_writes, *referral_writes, Emit(created, now)


def _referral(
    runtime: Runtime, door: Door, contact: Contact, lead: str, evidence: Evidence
) -> tuple[Referral, tuple[Write, ...]]:
    """The advocate's referral of this person: the one there is with one more piece of evidence, or a new one."""
    now = runtime.clock.now()
    org = door.owner_id
    credit = credited(runtime.store, org, door.advocate_id)
    advocate = credit.id if credit else door.advocate_id
    points = tuple(
        Point(org, LOOKUP, value, referral_id(org, advocate, contact.id)) for value in ways(runtime.keys, contact)
    )
    for known in recognised(runtime.store, runtime.keys, contact).sure.values():
        if known.advocate_id == advocate:
            after = known.changed(now, evidence=with_evidence(known.evidence, evidence))
            moved = tuple(Point(org, LOOKUP, point.value, known.id) for point in points)
            return known, (Change(known, after), *moved)
    made = Referral(
        organization_id=org, id=referral_id(org, advocate, contact.id), created_at=now, updated_at=now,
        advocate_id=advocate, contact_id=contact.id, location_id=door.location_id,
        code=door.id, lead_id=lead, evidence=[evidence],
    )  # fmt: skip
    return made, (Create(made), *points)


def _home(runtime: Runtime, organization_id: str, quote: Quote) -> list[str]:
    key = people.household_key(runtime.keys, organization_id, quote.origin_street, quote.origin_zip)
    return [key] if key else []


def _place(postal_code: str | None, street: str | None = None) -> Address | None:
    return Address(street=street, postal_code=postal_code) if postal_code or street else None
