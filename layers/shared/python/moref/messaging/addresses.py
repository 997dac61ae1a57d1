"""What an address and the consent on file allow; pure."""

import phonenumbers

from moref.intake.model import Contact
from moref.messaging.model import Channel, MessageClass


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
    """A stored consent record for marketing on the channel."""
    return any(consent.channel == channel for consent in contact.consents)


def opted_out(contact: Contact, channel: Channel, kind: MessageClass) -> bool:
    """A text opt-out binds every automatic text; an e-mail one (unsubscribe) binds marketing."""
    if kind == "keyword" or channel not in contact.opted_out:
        return False
    return channel != "email" or kind == "marketing"


def may_text(contact: Contact, kind: MessageClass) -> bool:
    return not opted_out(contact, "sms", kind) and (kind != "marketing" or has_consent(contact, "sms"))
