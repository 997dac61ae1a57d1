"""/q/{code}: the quote form of a referred friend. Works without JavaScript; sending it twice is one lead."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import phonenumbers

from moref.kernel import codes
from moref.kernel.keys import GLOBAL
from moref.pages import base, nonce
from moref.pages.base import Form, Response
from moref.pages.logo import brand
from moref.pages.quote_fields import Answers, parse, typed
from moref.referrals.model import Door
from moref.referrals.request_quote import Quote, request_quote
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization

CONSENT_VERSION = "quote-2"  # raise it with every change of the words below
HONEYPOT = "website"  # people do not see it; what fills it in is a program
LABELS = {
    "name": "Name", "phone": "Phone", "email": "E-mail", "origin": "From ZIP code", "destination": "To ZIP code",
    "date": "Moving date",
}  # fmt: skip


def consent_text(company: str) -> str:
    """What stands beside the checkbox and is stored with the consent, word by word."""
    return (
        f"I agree that {company} may text me at the number above about my quote, my move and offers, including "
        "automated texts. Agreeing is not a condition of buying anything. Message frequency varies. "
        "Message and data rates may apply. Reply STOP to opt out, HELP for help."
    )


def get(runtime: Runtime, token: str, query: Mapping[str, str]) -> Response:
    """The empty form, or with `done=1` the thank-you page."""
    found = _open(runtime, token)
    if isinstance(found, Response):
        return found
    code, location = found
    if query.get("done") == "1":
        return base.render("quote_done.html", title="Thank you!", call=_call(location), **brand(location))
    return _form(runtime, code, location, typed({}))


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """303 to the thank-you page once the lead is stored; 422 with the form again when something is wrong."""
    found = _open(runtime, token)
    if isinstance(found, Response):
        return found
    code, location = found
    done = base.see_other(f"/q/{code}?done=1")
    if form.get(HONEYPOT):
        runtime.metrics.count("quote_honeypot")
        return done
    values = typed(form)
    now = runtime.clock.now()
    # A day back: it may still be yesterday where the friend lives.
    answers, wrong = parse(values, (now - timedelta(days=1)).date())
    given = form.get("nonce", "")
    fresh = nonce.accepted(runtime.keys, code, given, now)
    if answers is None or not fresh:
        return _form(runtime, code, location, values, wrong=wrong, given=given if fresh else None, expired=not fresh)
    request_quote(runtime, code, _quote(given, answers, location))
    return done


def _open(runtime: Runtime, token: str) -> tuple[str, Location] | Response:
    """The normalised code and its branch; or the page that says why there is no form."""
    code = codes.normalise(token)
    door = runtime.store.find(Door, GLOBAL, code) if code else None
    if code is None or door is None:
        return base.not_found()
    location = runtime.store.find(Location, door.owner_id, door.location_id)
    organization = runtime.store.find(Organization, door.owner_id, door.owner_id)
    if location is None or organization is None:
        return base.not_found()
    if location.status != "active" or organization.status != "active":
        return base.message(
            410,
            "Not taking requests here",
            "We no longer take quote requests on this page. Please get in touch with us directly.",
            company=location.name,
        )
    return code, location


def _form(
    runtime: Runtime,
    code: str,
    location: Location,
    values: Mapping[str, str],
    *,
    wrong: Mapping[str, str] = MappingProxyType({}),
    given: str | None = None,
    expired: bool = False,
) -> Response:
    now = runtime.clock.now()
    return base.render(
        "quote.html",
        status=422 if wrong or expired else 200,
        title="Get your free quote",
        action=f"/q/{code}",
        nonce=given or nonce.issue(runtime.keys, code, now),
        honeypot=HONEYPOT,
        labels=LABELS,
        values=values,
        wrong=wrong,
        expired=expired,
        consent_text=consent_text(location.name),
        today=(now - timedelta(days=1)).date().isoformat(),
        **brand(location),
    )


def _call(location: Location) -> tuple[str, str] | None:
    """The branch's number to dial, and as people read it."""
    if location.phone is None:
        return None
    number = phonenumbers.parse(location.phone, None)
    return location.phone, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _quote(given: str, answers: Answers, location: Location) -> Quote:
    return Quote(
        nonce=given, first_name=answers.first_name, last_name=answers.last_name,
        phone=answers.phone, email=answers.email, origin_street=answers.origin_street, origin_zip=answers.origin_zip,
        destination_zip=answers.destination_zip, move_date=answers.move_date, notes=answers.notes,
        consent_text=consent_text(location.name) if answers.consent else None, consent_version=CONSENT_VERSION,
    )  # fmt: skip
