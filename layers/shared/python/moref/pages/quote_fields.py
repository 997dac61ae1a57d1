"""The quote form's fields: what was typed becomes a checked answer, or words to show next to the field."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from moref import people
from moref.kernel.errors import BadInput
from moref.pages.base import Form, text_field

LONGEST = {
    "name": 100, "phone": 32, "email": 254, "street": 120, "origin": 10, "destination": 10, "date": 10,
    "notes": 2000, "consent": 3,
}  # fmt: skip
AHEAD = timedelta(days=3 * 365)
_ZIP = re.compile(r"([0-9]{5})(?:-[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class Answers:
    """Phone is E.164, e-mail normalised; at least one of them is there."""

    first_name: str
    last_name: str
    phone: str | None
    email: str | None
    origin_street: str | None
    origin_zip: str
    destination_zip: str | None
    move_date: str | None
    notes: str
    consent: bool


def typed(form: Form) -> dict[str, str]:
    """What the person entered, cut to size: shown again when something is wrong."""
    return {name: text_field(form, name, limit) for name, limit in LONGEST.items()}


def parse(values: dict[str, str], today: date) -> tuple[Answers | None, dict[str, str]]:
    """The answers, or what is wrong by field, in the order of the form. `today` is the earliest useful moving date."""
    wrong: dict[str, str] = {}
    if not values["name"]:
        wrong["name"] = "Please tell us your name."
    phone, email = _phone(values["phone"], wrong), _email(values["email"], wrong)
    if not values["phone"] and not values["email"]:
        wrong["phone"] = "Please give an e-mail address or a phone number."
    origin = _zip(values["origin"], "origin", wrong)
    if not values["origin"]:
        wrong["origin"] = "Please give the ZIP code you move from."
    destination = _zip(values["destination"], "destination", wrong)
    move_date = _date(values["date"], today, wrong)
    if wrong:
        return None, wrong
    first, _, last = " ".join(values["name"].split()).partition(" ")
    return Answers(
        first_name=first, last_name=last, phone=phone, email=email, origin_street=values["street"] or None,
        origin_zip=origin or "", destination_zip=destination, move_date=move_date, notes=values["notes"],
        consent=values["consent"] == "yes",
    ), wrong  # fmt: skip


def _phone(text: str, wrong: dict[str, str]) -> str | None:
    try:
        return people.phone(text) if text else None
    except BadInput:
        wrong["phone"] = "This phone number does not look right. Please include the area code."
        return None


def _email(text: str, wrong: dict[str, str]) -> str | None:
    try:
        return people.email(text) if text else None
    except BadInput:
        wrong["email"] = "This e-mail address does not look right."
        return None


def _zip(text: str, field: str, wrong: dict[str, str]) -> str | None:
    found = _ZIP.fullmatch(text)
    if text and not found:
        wrong[field] = "A ZIP code has 5 digits."
    return found[1] if found else None


def _date(text: str, today: date, wrong: dict[str, str]) -> str | None:
    """Browsers without a date field send what was typed: US order is understood as well."""
    if not text:
        return None
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    try:
        day = date(int(american[3]), int(american[1]), int(american[2])) if american else date.fromisoformat(text)
    except ValueError:
        wrong["date"] = "Please give the date as in 06/30/2027."
        return None
    if not today <= day <= today + AHEAD:
        wrong["date"] = "Please give a date in the next three years."
        return None
    return day.isoformat()
