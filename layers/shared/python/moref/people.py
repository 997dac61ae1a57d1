"""How a person is recognised: one written form of phone and e-mail, and the keyed hashes that look-ups use instead.

A key's first letter tells its kind: p phone, e e-mail or mailbox, a home, n full name, c a customer's id in a CRM.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from typing import Literal

import phonenumbers

from moref.identity.home import home
from moref.identity.mailbox import mailbox, nobodys
from moref.identity.names import full_name
from moref.kernel.errors import BadInput
from moref.ports import PlatformKeys

Kind = Literal["phone", "email", "address", "name", "customer"]

_EMAIL = re.compile(r"[^@\s\"<>(),;:\\\[\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def phone(text: str, region: str = "US") -> str:
    """E.164. Raises BadInput on what cannot be dialled."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise BadInput("not a phone number", field="phone") from None
    if not phonenumbers.is_possible_number(number):
        raise BadInput("not a phone number", field="phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def phone_in(text: str, region: str = "US") -> str:
    """As `phone`, out of what an office typed around it: `512-555-0142 (cell)`; of two numbers the first counts."""
    try:
        return phone(text, region)
    except BadInput:
        plain = re.sub(r"(?<=\d)[oO]|[oO](?=\d)", "0", text)  # a letter for a digit
        for match in phonenumbers.PhoneNumberMatcher(plain, region, phonenumbers.Leniency.POSSIBLE):
            return phone(match.raw_string, region)
        raise


def email(text: str) -> str:
    """Trimmed and lower case, as we send to it and match it. Raises BadInput."""
    found = text.strip().lower()
    if len(found) > 254 or not _EMAIL.fullmatch(found):
        raise BadInput("not an e-mail address", field="email")
    return found


def person_key(keys: PlatformKeys, organization_id: str, kind: Kind, value: str) -> str:
    """The keyed hash that stands for an address in look-ups; tenants cannot compare theirs with another's."""
    material = f"{organization_id}\n{kind}\n{value}".encode()
    digest = hmac.new(keys.derive("lookup"), material, hashlib.sha256).digest()
    return kind[0] + b32encode(digest)[:31].decode().lower()


def person_keys(keys: PlatformKeys, organization_id: str, phone: str | None, email: str | None) -> list[str]:
    """Phone first; an e-mail as it is written, and its mailbox where that is another. None of stand-ins."""
    found = []
    if phone and not _nobodys_phone(phone):
        found.append(person_key(keys, organization_id, "phone", phone))
    if email and not nobodys(email):
        for value in dict.fromkeys((email, mailbox(email))):
            found.append(person_key(keys, organization_id, "email", value))
    return found


def household_key(keys: PlatformKeys, organization_id: str, street: str | None, postal_code: str | None) -> str | None:
    """None when it is no address of a house."""
    found = home(street, postal_code)
    return person_key(keys, organization_id, "address", found) if found else None


def name_keys(keys: PlatformKeys, organization_id: str, first_name: str, last_name: str) -> list[str]:
    """One for each full name that a nickname may stand for; none without first and last name."""
    return [person_key(keys, organization_id, "name", each) for each in full_name(first_name, last_name)]


def _nobodys_phone(number: str) -> bool:
    """What offices type when they have none: one digit throughout, or counting up."""
    digits = number[-7:]
    return len(set(digits)) == 1 or number[-10:] in ("1234567890", "0123456789")
