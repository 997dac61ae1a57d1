"""/p/{token}: a partner's page: accept the invitation, send a lead, see what became of each. A GET changes nothing.

The partner sees of a person what it typed itself, and nothing of other partners; the words are those of explanations.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from moref.api import cursor
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.money import Money
from moref.pages import nonce
from moref.pages.base import Form, Response, message, not_found, render, see_other
from moref.pages.logo import brand
from moref.pages.quote_fields import parse, typed
from moref.pages.tokens import find_token
from moref.partners.accept import accept, asked
from moref.partners.model import Partner
from moref.partners.statement import statement
from moref.partners.submit import NO_CONSENT, submit
from moref.partners.types import type_of
from moref.referrals.model import Advocate, Referral
from moref.referrals.request_quote import Quote
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization

SHOWN = 10  # statements at a time, the newest first: the page arrives in one round trip
FIELDS = ("name", "phone", "email", "origin", "destination", "notes")
LABELS = {"name": "Name", "phone": "Phone", "email": "E-mail", "origin": "From ZIP code", "destination": "To ZIP code",
          "terms": "Terms", "attestation": "Confirmation"}  # fmt: skip
STAGES = {"quoted": "Quote given", "booked": "Booked", "completed": "Moved", "invoiced": "Invoiced", "paid": "Paid",
          "cancelled": "Cancelled"}  # fmt: skip
_NONE: Mapping[str, str] = MappingProxyType({})


def get(runtime: Runtime, token: str, query: Mapping[str, str]) -> Response:
    """The invitation, or the partner's own page; 404 for a token that leads nowhere."""
    found = _open(runtime, token)
    if isinstance(found, Response):
        return found
    partner, location = found
    if partner.status == "invited":
        return _invitation(runtime, partner, location) if partner.acceptance is None else _in_a_moment(location)
    return _own(runtime, partner, location, sent=query.get("sent") == "1", older=query.get("older"))


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Accepts, or sends a lead; 303 back to the page, 422 with the form again when something is wrong."""
    found = _open(runtime, token)
    if isinstance(found, Response):
        return found
    partner, location = found
    if partner.status == "invited" or form.get("do") == "accept":  # pressed twice: accepted once
        return _accept(runtime, partner, location, form)
    return _send(runtime, partner, location, form)


def _open(runtime: Runtime, token: str) -> tuple[Partner, Location] | Response:
    leads_to = find_token(runtime, token, "partner")
    if leads_to is None:
        return not_found()
    org = leads_to.owner_id
    partner = runtime.store.find(Partner, org, leads_to.subject_id)
    organization = runtime.store.find(Organization, org, org)
    location = runtime.store.find(Location, org, partner.location_id) if partner else None
    if partner is None or location is None or organization is None or not partner.first_name:  # erased
        return not_found()
    closed = partner.status in ("suspended", "withdrawn") or partner.token != token  # of an earlier invitation
    if closed or (organization.status, location.status) != ("active", "active"):
        words = "This page is closed for the moment. Please get in touch with the company."
        return message(410, "Closed for now", words, company=location.name)
    return partner, location


def _accept(runtime: Runtime, partner: Partner, location: Location, form: Form) -> Response:
    number = form.get("terms", "")
    try:
        accept(
            runtime, partner, attested=form.get("attestation") == "yes",
            terms_number=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else None,
        )  # fmt: skip
    except BadInput as error:
        return _invitation(runtime, partner, location, wrong={error.field or "terms": error.detail})
    return see_other(f"/p/{partner.token}")


def _invitation(runtime: Runtime, partner: Partner, location: Location, wrong: Mapping[str, str] = _NONE) -> Response:
    return render(
        "partner_invitation.html",
        status=422 if wrong else 200,
        title=f"Become a partner of {location.name}",
        name=f"{partner.first_name} {partner.last_name}".strip(),
        type_words=type_of(partner.partner_type).words,
        ask=asked(runtime, partner),
        wrong=wrong,
        labels=LABELS,
        **brand(location),
    )


def _in_a_moment(location: Location) -> Response:
    """Asks again by itself, without a script."""
    words = "Your page is being made. It opens by itself; if it does not, please load it again."
    page = message(200, "Thank you!", words, company=location.name)
    return Response(page.status, page.body, {**page.headers, "refresh": "3"})


def _send(runtime: Runtime, partner: Partner, location: Location, form: Form) -> Response:
    values, now, given = typed(form), runtime.clock.now(), form.get("nonce", "")
    fresh = nonce.accepted(runtime.keys, partner.token, given, now)
    answers, wrong = parse({**values, "date": "", "street": ""}, now.date())
    if answers is None or not fresh:
        return _own(runtime, partner, location, values=values, wrong=wrong, expired=not fresh)
    quote = Quote(
        nonce=given, first_name=answers.first_name, last_name=answers.last_name, phone=answers.phone,
        email=answers.email, origin_zip=answers.origin_zip, destination_zip=answers.destination_zip, move_date=None,
        notes=answers.notes, consent_text=None, consent_version=NO_CONSENT,
    )  # fmt: skip
    try:
        submit(runtime, partner, quote, by="partner")
    except Conflict as refused:
        return _own(runtime, partner, location, values=values, wrong={"name": f"{refused.detail}."})
    return see_other(f"/p/{partner.token}?sent=1")


def _own(
    runtime: Runtime,
    partner: Partner,
    location: Location,
    *,
    values: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] = _NONE,
    expired: bool = False,
    sent: bool = False,
    older: str | None = None,
) -> Response:
    org, now = partner.organization_id, runtime.clock.now()
    advocate = runtime.store.find(Advocate, org, partner.advocate_id or "")
    code = advocate.links.get(partner.location_id) if advocate else None
    leads, further = _leads(runtime, partner, older)
    return render(
        "partner.html",
        status=422 if wrong or expired else 200,
        title="Your leads",
        name=f"{partner.first_name} {partner.last_name}".strip(),
        link=f"{runtime.settings.base_url}/r/{code}" if code else None,
        nonce=nonce.issue(runtime.keys, partner.token, now),
        values=values if values is not None else typed({}),
        wrong=wrong,
        expired=expired,
        sent=sent,
        labels=LABELS,
        leads=[_shown(statement(runtime, org, one.id, "partner"), location) for one in leads],
        older=further,
        **brand(location),
    )


def _leads(runtime: Runtime, partner: Partner, older: str | None) -> tuple[Sequence[Referral], str | None]:
    """A page of them, and what leads to the next one. A cursor that is none of this partner's begins anew."""
    scope = f"partner {partner.organization_id} {partner.id}"
    try:
        after = cursor.unseal(runtime.keys, scope, older) if older else None
    except BadInput:
        after = None
    page = runtime.store.list(
        Referral, partner.organization_id, parent=partner.advocate_id or partner.id, limit=SHOWN, after=after
    )
    return page.items, None if page.after is None else cursor.seal(runtime.keys, scope, page.after)


def _shown(told: dict[str, Any], location: Location) -> dict[str, Any]:
    reward = told["explanation"]["reward"]
    return {
        "person": told["person"] or "Somebody who used your link",
        "steps": [("Received", _when(told["received_at"], location))]
        + [(STAGES[each["stage"]], _when(each["at"], location)) for each in told["stages"]],
        "rule": told["rule"]["words"],
        "why_not": told["not_paid_because"],
        "reward": Money(reward["amount"], reward["currency"]).for_people() if reward else None,
        "paid": not told["not_paid_because"],
    }


def _when(text: str, location: Location) -> str:
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(location.time_zone))
    return f"{at:%b} {at.day}, {at.year}, {at:%H:%M}"
