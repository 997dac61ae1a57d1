"""/u/{token}: which messages a person gets. A GET changes nothing (mail scanners follow links); a POST does at once.

The one-click POST of RFC 8058 (`List-Unsubscribe=One-Click`) is answered without login and without redirect. Texts that
were stopped altogether start again only by a text from that phone; a consent to texts is stored with the words shown.
"""

from collections.abc import Callable
from typing import Any, Literal

from moref.intake.change_contact import change_language
from moref.intake.model import Contact
from moref.messaging import page_wishes
from moref.messaging.page_wishes import Standing, standing
from moref.pages.base import Form, Response, message, not_found, render, see_other
from moref.pages.tokens import find_token
from moref.pages.words import words
from moref.runtime import Runtime
from moref.tenants.model import Location

CONSENT_VERSION = "preferences-1"  # raise it with every change of the words


def get(runtime: Runtime, token: str) -> Response:
    contact = _contact(runtime, token)
    if contact is None:
        return not_found()
    texts, company = _texts(runtime, contact)
    return render(
        "preferences.html",
        title=texts["title"],
        company=company,
        lang=contact.language,
        other="es" if contact.language == "en" else "en",
        t=texts,
        its=standing(runtime, contact),
    )


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Field `do` names a button of the page; or it is the one-click form. What is unknown changes nothing."""
    contact = _contact(runtime, token)
    if contact is None:
        return not_found()
    texts, company = _texts(runtime, contact)
    if form.get("List-Unsubscribe", "").lower() == "one-click":
        page_wishes.stop_email(runtime, contact)
        return message(200, texts["done_title"], texts["done"], company=company, lang=contact.language)
    does = _BUTTONS.get(form.get("do", ""))
    if does is not None:
        does(runtime, contact, standing(runtime, contact), texts["consent"])
    return see_other(f"/u/{token}")


def _agree(runtime: Runtime, contact: Contact, its: Standing, consent: str) -> None:
    if its.texts == "no_consent":
        page_wishes.agree_to_texts(runtime, contact, text=consent, version=f"{CONSENT_VERSION}-{contact.language}")


def _language(language: Literal["en", "es"]) -> Callable[[Runtime, Contact, Standing, str], None]:
    def change(runtime: Runtime, contact: Contact, *_: Any) -> None:
        change_language(runtime, contact.organization_id, contact.id, language, version=None, actor=None)

    return change


_BUTTONS: dict[str, Callable[[Runtime, Contact, Standing, str], None]] = {
    "stop_email": lambda runtime, contact, *_: page_wishes.stop_email(runtime, contact),
    "start_email": lambda runtime, contact, *_: page_wishes.start_email(runtime, contact),
    "stop_offers": lambda runtime, contact, *_: page_wishes.stop_offers(runtime, contact),
    "start_offers": lambda runtime, contact, *_: page_wishes.start_offers(runtime, contact),
    "stop_sms": lambda runtime, contact, *_: page_wishes.stop_texts(runtime, contact),
    "stop_all": lambda runtime, contact, *_: page_wishes.stop_everything(runtime, contact),
    "agree": _agree,
    "language_en": _language("en"),
    "language_es": _language("es"),
}


def _texts(runtime: Runtime, contact: Contact) -> tuple[dict[str, Any], str | None]:
    location = runtime.store.find(Location, contact.organization_id, contact.location_id)
    company = location.name if location else None
    last = (contact.phone or "")[-2:]
    return words("preferences", contact.language, company=company or "Mo-ref", last=last), company


def _contact(runtime: Runtime, token: str) -> Contact | None:
    found = find_token(runtime, token, "preferences")
    return None if found is None else page_wishes.person(runtime, found.owner_id, found.subject_id)
