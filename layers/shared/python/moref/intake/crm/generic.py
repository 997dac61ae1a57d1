"""Any system that can post JSON and sign it as Standard Webhooks asks (spec 1.0.0, symmetric scheme v1).

    webhook-id         the same for every retry of one event
    webhook-timestamp  Unix seconds; five minutes off, either way, is refused
    webhook-signature  space-separated `v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>`

The secret is `whsec_` and base64 of 24 to 64 bytes. The body is one event of type `job.updated`:

    {"type": "job.updated", "timestamp": "2026-06-02T15:00:00Z",
     "data": {"job": {"id": "J-1001", "branch": "Austin", "type": "local", "currency": "USD",
                      "origin": {...}, "destination": {...},
                      "lead_id": "lead_...", "referral_code": "7K3M-9QX2-WDQ", "referred_by": "Jane Doe",
                      "source": "Referral", "notes": "came by 7k3m 9qx2 wdq"},
              "customer": {"id": "C-7", "first_name": "Ann", "last_name": "Lee", "phone": "+15125550123",
                           "email": "ann@example.com", "language": "es",
                           "sms_consent": {"text": "...", "at": "...", "source": "..."}},
              "facts": [{"kind": "completed", "value": true, "at": "2026-06-02T14:55:00Z"}]}}

`sms_opt_in` (true or false) may stand for `sms_consent` once the organization attested what customers agreed to.
Facts: lead_qualified, quoted, booked, completed, invoiced, paid, cancelled (true: happened, false: undone) and amount
(minor units); damage_claim (one is open), unpaid_balance, do_not_solicit, corporate_relocation: while one of these is
true nobody advertises to the customer; false takes it back, and a journey it ended stays ended.
Other types are taken and ignored, and so are fields that are not listed.
"""

import hmac
import json
from base64 import b64decode, b64encode

from moref.kernel.errors import BadInput, Malformed, Unauthenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from moref.kernel.webhook import Request

KEEP_HEADERS = ("webhook-id", "webhook-timestamp", "content-type")
TOLERANCE_SECONDS = 300
MAX_ID = 256
_TYPE = "job.updated"


def verify(request: "Request", secrets: list[bytes], now: float) -> None:
    """Raises Unauthenticated unless one of the signatures is right under one of the secrets, and fresh."""
    id = request.headers.get("webhook-id", "")
    stamp = request.headers.get("webhook-timestamp", "")
    given = [part[3:].encode("utf-8", "replace") for part in _signatures(request) if part.startswith("v1,")]
    if not 1 <= len(id) <= MAX_ID or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Unauthenticated("webhook-id or webhook-timestamp is missing or not readable")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise Unauthenticated("webhook-timestamp is too far from now")
    signed = f"{id}.{stamp}.".encode("utf-8", "replace") + request.body
    # The text is compared, not the bytes it stands for: base64 has several spellings of one value. No early exit.
    right = [
        hmac.compare_digest(b64encode(hmac.digest(key, signed, "sha256")), signature)
        for key in map(_key, secrets)
        if key
        for signature in given
    ]
    if not any(right):
        raise Unauthenticated("no valid signature")


def event_id(request: "Request") -> str:
    return request.headers["webhook-id"]


def parse(body: bytes, headers: dict[str, str]) -> "dict[str, Any] | None":
    try:
        event = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not isinstance(event, dict):
        raise BadInput("the body is not a JSON object")
    if event.get("type") != _TYPE:
        return None
    data = event.get("data")
    if not isinstance(data, dict):
        raise BadInput("data: must be an object", field="data")
    return {"at": event.get("timestamp"), **{name: data.get(name) for name in ("job", "customer", "facts")}}


def _signatures(request: "Request") -> list[str]:
    return request.headers.get("webhook-signature", "").split(" ")


def _key(secret: bytes) -> bytes:
    """Empty when it cannot be a secret: it then verifies nothing."""
    try:
        return b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except ValueError:
        return b""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
