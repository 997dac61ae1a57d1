"""Identifiers: `<prefix>_<26 characters>`. `new` sorts by creation time; `derived` is the same for the same input,
so that repeating a creation meets its own first try."""

import hashlib
import os
import time
from base64 import b32encode

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford


def new(prefix: str) -> str:
    """48 bits of milliseconds and 80 random bits, as a ULID."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    text = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        text = _ALPHABET[digit] + text
    return f"{prefix}_{text}"


def derived(prefix: str, *parts: str) -> str:
    """130 bits of SHA-256 over the parts; parts are length-prefixed so that ("ab","c") differs from ("a","bc")."""
    material = "".join(f"{len(part)}:{part}" for part in parts)
    return f"{prefix}_{b32encode(hashlib.sha256(material.encode()).digest())[:26].decode()}"


def token() -> str:
    """An unguessable page or webhook token: 100 random bits in 20 lower-case characters, safe in a URL and an SMS."""
    return b32encode(os.urandom(13)).decode().lower()[:20]
