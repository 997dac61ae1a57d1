"""A form's nonce: ours, for one code, of the last day. It and the answers make the lead's id: twice is one lead."""

import hashlib
import hmac
from base64 import b32encode
from datetime import UTC, datetime, timedelta

from moref.kernel import ids
from moref.ports import PlatformKeys

VALID = timedelta(hours=24)


def issue(keys: PlatformKeys, code: str, now: datetime) -> str:
    """`<random>.<unix seconds>.<signature>`, all letters and digits."""
    return _signed(keys, code, f"{ids.token()}.{int(now.timestamp())}")


def accepted(keys: PlatformKeys, code: str, nonce: str, now: datetime) -> bool:
    """Whether we issued it for this code within the last day."""
    text, _, _ = nonce.rpartition(".")
    if not nonce.isascii() or not hmac.compare_digest(_signed(keys, code, text), nonce):
        return False
    issued = datetime.fromtimestamp(int(text.rpartition(".")[2]), UTC)
    return timedelta(minutes=-5) <= now - issued <= VALID


def _signed(keys: PlatformKeys, code: str, text: str) -> str:
    digest = hmac.new(keys.derive("form"), f"{code}.{text}".encode(), hashlib.sha256).digest()
    return f"{text}.{b32encode(digest)[:26].decode().lower()}"
