"""What a person may choose on their own page, and how things stand. Every choice counts at once, for every branch."""

from dataclasses import dataclass
from typing import Literal

from moref.identity.current import current
from moref.intake.model import Consent, Contact
from moref.kernel.errors import Conflict
from moref.messaging.addresses import MARKETING_TEXTS, has_consent, sms_country_allowed, sms_phone
from moref.messaging.opt_out import UNSUBSCRIBED, opt_in, opt_out, suppression_of
from moref.records import Change, get
from moref.runtime import Runtime

TRIES = 5
PAGE = "preferences page"
Email = Literal["no_address", "on", "unsubscribed", "off", "bounced"]
Texts = Literal["no_address", "on", "no_consent", "no_offers", "off"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`unsubscribed` and `no_offers` still get what is about the job or a reward; `off` gets nothing."""

    email: Email
    texts: Texts

    @property
    def reachable(self) -> bool:
        return self.email != "no_address" or self.texts != "no_address"

    @property
    def anything(self) -> bool:
        return self.email in ("on", "unsubscribed") or self.texts in ("on", "no_consent", "no_offers")


def person(runtime: Runtime, organization_id: str, contact_id: str) -> Contact | None:
    """The contact a page is about; of one that was merged, however often, who they are now. None of one erased."""
    found = current(runtime.store, organization_id, contact_id)
    return found if found is not None and found.erased_at is None else None


def standing(runtime: Runtime, contact: Contact) -> Standing:
    """By the suppression, which also binds who was erased and came back."""
    return Standing(_email(runtime, contact), _texts(runtime, contact))


def stop_email(runtime: Runtime, contact: Contact) -> None:
    if contact.email:
        opt_out(runtime, contact.organization_id, "email", contact.email, UNSUBSCRIBED)


def start_email(runtime: Runtime, contact: Contact) -> None:
    """Not an address that our mail came back from: writing there again only harms the sender."""
    if contact.email and _email(runtime, contact) != "bounced":
        opt_in(runtime, contact.organization_id, "email", contact.email, PAGE)


def stop_offers(runtime: Runtime, contact: Contact) -> None:
    if contact.phone:
        opt_out(runtime, contact.organization_id, "sms", contact.phone, UNSUBSCRIBED)


def start_offers(runtime: Runtime, contact: Contact) -> None:
    """Takes back `stop_offers` and nothing else: texts that were stopped start by a text from that phone."""
    if contact.phone and _texts(runtime, contact) == "no_offers":
        opt_in(runtime, contact.organization_id, "sms", contact.phone, PAGE)


def stop_texts(runtime: Runtime, contact: Contact) -> None:
    if contact.phone:
        opt_out(runtime, contact.organization_id, "sms", contact.phone, PAGE)


def stop_everything(runtime: Runtime, contact: Contact) -> None:
    if contact.email:
        opt_out(runtime, contact.organization_id, "email", contact.email, PAGE)
    stop_texts(runtime, contact)


def agree_to_texts(runtime: Runtime, contact: Contact, *, text: str, version: str) -> None:
    """Stores the consent with the words that were shown. Raises Conflict after lost races."""
    for _ in range(TRIES):
        now, before = runtime.clock.now(), get(runtime.store, Contact, contact.organization_id, contact.id)
        if has_consent(before, "sms"):
            return
        consent = Consent(channel="sms", text=text, at=now, source=PAGE, text_version=version)
        try:
            runtime.store.commit(Change(before, before.changed(now, consents=[*before.consents, consent])))
        except Conflict:
            continue
        return
    raise Conflict("the contact is being changed by others")


def _email(runtime: Runtime, contact: Contact) -> Email:
    if contact.email is None:
        return "no_address"
    found = suppression_of(runtime, contact.organization_id, "email", contact.email)
    if found is None:
        return "unsubscribed" if "email" in contact.opted_out else "on"
    return "bounced" if found.reason == "bounce" else "unsubscribed" if found.reason == UNSUBSCRIBED else "off"


def _texts(runtime: Runtime, contact: Contact) -> Texts:
    if contact.phone is None or sms_phone(contact) is None or not sms_country_allowed(contact.phone):
        return "no_address"
    found = suppression_of(runtime, contact.organization_id, "sms", contact.phone)
    if "sms" in contact.opted_out or (found is not None and found.reason != UNSUBSCRIBED):
        return "off"
    if found is not None or MARKETING_TEXTS in contact.opted_out:
        return "no_offers"
    return "on" if has_consent(contact, "sms") else "no_consent"
