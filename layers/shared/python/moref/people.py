"""How a person is recognised: one written form of phone and e-mail, and the keyed hash that look-ups use instead."""

import hashlib
import hmac
import re
from base64 import b32encode
from typing import Literal

import phonenumbers

from moref.kernel.errors import BadInput
from moref.ports import PlatformKeys

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


def email(text: str) -> str:
    """Trimmed and lower case, as we send to it and match it. Raises BadInput."""
    found = text.strip().lower()
    if len(found) > 254 or not _EMAIL.fullmatch(found):
        raise BadInput("not an e-mail address", field="email")
    return found


def person_key(keys: PlatformKeys, organization_id: str, kind: Literal["phone", "email"], value: str) -> str:
    """The keyed hash that stands for an address in look-ups; tenants cannot compare theirs with another's."""
    material = f"{organization_id}\n{kind}\n{value}".encode()
    digest = hmac.new(keys.derive("lookup"), material, hashlib.sha256).digest()
    return b32encode(digest)[:32].decode().lower()


def person_keys(keys: PlatformKeys, organization_id: str, phone: str | None, email: str | None) -> list[str]:
    found = []
    if phone:
        found.append(person_key(keys, organization_id, "phone", phone))
    if email:
        found.append(person_key(keys, organization_id, "email", email))
    return found
