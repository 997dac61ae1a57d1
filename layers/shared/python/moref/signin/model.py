"""Somebody who signs in, and what stands for them before an organization is known."""

import hashlib
from base64 import b32encode
from hmac import new as hmac
from typing import ClassVar

from moref.ports import PlatformKeys
from moref.records import Entity


class Person(Entity):
    """Who has proved an e-mail address. organization_id is PEOPLE; the id is derived from the address."""

    noun: ClassVar[str] = "person"

    email: str  # never changes: another address is another person


def person_id(keys: PlatformKeys, email: str) -> str:
    """The keyed hash of an address as `people.email` writes it: it may stand where the address may not."""
    digest = hmac(keys.derive("person"), email.encode(), hashlib.sha256).digest()
    return "per_" + b32encode(digest)[:26].decode()
