"""What an address and the consent on file allow; pure."""

from typing import Literal

import phonenumbers

from moref.intake.model import Contact
from moref.messaging.model import Channel, MessageClass

MARKETING_TEXTS = "sms_marketing"  # beside "sms" and "email" in Contact.opted_out


def sms_country_allowed(phone: str) -> bool:
    """Texting is for US numbers only (rules.md). +1 is shared: a number known to be another country's is refused;
    one in an area code that this release of phonenumbers does not know yet is taken as US."""
    if not phone.startswith("+1"):
        return False
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.region_code_for_number(number) in ("US", None)


def sms_phone(contact: Contact) -> str | None:
    """The number to text; one that the CRM knows as a home or office phone takes no texts."""
    return None if contact.phone_kind in ("home", "office") else contact.phone


def has_consent(contact: Contact, channel: Channel) -> bool:
    """A stored consent record for marketing on the channel that its source has not withdrawn, and given to us."""
    ours = sorted(
        (each for each in contact.consents if each.channel == channel and not each.history), key=lambda each: each.at
    )
    newest = {each.source: each for each in ours}
    return any(not each.withdrawn for each in newest.values())


def wish_about(channel: Channel) -> Literal["sms", "email"]:
    """Under which name a contact's wish is kept: one about a phone binds texts and WhatsApp alike."""
    return "email" if channel == "email" else "sms"


def opted_out(contact: Contact, channel: Channel, kind: MessageClass) -> bool:
    """A text opt-out binds every automatic text, or only marketing if that was all; an e-mail one binds marketing."""
    if kind == "keyword":
        return False
    if channel == "email":
        return kind == "marketing" and "email" in contact.opted_out
    return "sms" in contact.opted_out or (kind == "marketing" and MARKETING_TEXTS in contact.opted_out)


def may_text(contact: Contact, kind: MessageClass) -> bool:
    return not opted_out(contact, "sms", kind) and (kind != "marketing" or has_consent(contact, "sms"))
