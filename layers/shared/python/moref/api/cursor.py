"""Cursors: where a list goes on, bound by a signature to the tenant, the route and the filters it began with."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from moref.kernel.errors import BadInput
from moref.ports import PlatformKeys

_TAG = 16


def seal(keys: PlatformKeys, scope: str, after: dict[str, Any]) -> str:
    """`scope` says whose list this is and how it was asked for; the cursor opens under the same scope only."""
    payload = json.dumps(after, separators=(",", ":"), sort_keys=True).encode()
    return urlsafe_b64encode(_tag(keys, scope, payload) + payload).decode().rstrip("=")


def unseal(keys: PlatformKeys, scope: str, text: str) -> dict[str, Any]:
    """Raises BadInput on a cursor that is not ours, of another tenant, or of a list asked for differently."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= 4096 else b""
    except ValueError:
        raw = b""
    tag, payload = raw[:_TAG], raw[_TAG:]
    if not payload or not hmac.compare_digest(tag, _tag(keys, scope, payload)):
        raise BadInput("this cursor does not belong to this list", field="cursor")
    after: dict[str, Any] = json.loads(payload)
    return after


def _tag(keys: PlatformKeys, scope: str, payload: bytes) -> bytes:
    material = f"{len(scope)}:{scope}".encode() + payload
    return hmac.new(keys.derive("cursor"), material, sha256).digest()[:_TAG]
