"""The six digits. They are made from a key of the platform, the address's row and its nonce, by whoever needs them:
the worker that sends them, and the call that checks them. So no queue, log or table ever holds a code."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from moref.ports import PlatformKeys
from moref.signin.model import Challenge

VALID = timedelta(minutes=5)
TRIES = 5  # wrong guesses that burn a code
DIGITS = 6
_PURPOSE = "sign-in-code"


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def code_of(keys: PlatformKeys, challenge: Challenge) -> str:
    material = f"{challenge.id}\n{challenge.nonce}".encode()
    digest = hmac.new(keys.derive(_PURPOSE), material, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def open_at(challenge: Challenge, now: datetime) -> bool:
    return challenge.status == "open" and challenge.valid_until is not None and now < challenge.valid_until


def fits(keys: PlatformKeys, challenge: Challenge, code: str, now: datetime) -> bool:
    """The code is compared in any case: a closed challenge answers as late as an open one."""
    same = hmac.compare_digest(code_of(keys, challenge).encode(), code.encode())
    return same and open_at(challenge, now)
