"""SmartMoving: thin notifications that say only that something changed; what it is now is read through its API.

Set in SmartMoving at Settings > Integrations > SmartMoving API > Webhooks, with a custom header of our choice:

    X-Moref-Secret: <the secret shown when the connection was made>

There is no signature, event id or time: the secret is kept as its SHA-256 only, every delivery is an event of its own
(reading twice does no harm, losing one might), and its source time is when it came in. The API's part is in
`_smartmoving_api.py` and `_smartmoving_record.py`, imported when called.
"""

import hmac
import json
from hashlib import sha256

from moref.kernel import ids
from moref.kernel.errors import BadInput, Malformed, Unauthenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from moref.intake.crm._smartmoving_api import SmartMoving
    from moref.kernel.webhook import Request

KEEP_HEADERS = ("content-type",)  # never the secret
SECRET_HEADER = "x-moref-secret"
THIN = True  # `parse` gives an intake.pulled.Signal
_DIGEST = b"sha256:"

# Every event of SmartMoving's webhook document: what it names, and what it tells besides.
_RECORD, _PART, _CUSTOMER = {"record": "opportunity-id"}, {"part": "job-id"}, {"customer": "customer-id"}
_STATUS = {"urgency": "status"}
EVENTS: "Mapping[str, tuple[dict[str, str], Mapping[str, object]]]" = {
    "opportunity-created": (_RECORD, _STATUS),
    "opportunity-status-changed": (_RECORD, _STATUS),
    "opportunity-changed": (_RECORD, {}),
    "opportunity-deleted": (_RECORD, {**_STATUS, "deleted": True}),
    "follow-up-created": (_RECORD, {}),
    "follow-up-completed": (_RECORD, {}),
    "follow-up-changed": (_RECORD, {}),
    "follow-up-deleted": (_RECORD, {}),
    "payment-made": ({}, {"unpaid": True}),
    "customer-created": (_CUSTOMER, {}),
    "customer-updated": (_CUSTOMER, {}),
    "job-created": (_PART, {}),
    "job-deleted": (_PART, {**_STATUS, "deleted": True}),
    "job-finalized": (_PART, {**_STATUS, "settled": True}),
    "job-closed": (_PART, {**_STATUS, "settled": True}),
    "job-reset": (_PART, {**_STATUS, "settled": False}),
    "service-type-changed": (_PART, {}),
}
_ID = frozenset("0123456789abcdefABCDEF-")  # ids are UUIDs; they go into the paths that we call


def verify(request: "Request", secrets: list[bytes], now: float) -> None:
    """`secrets` are digests as stored. Raises Unauthenticated; every one is compared, in constant time."""
    given = request.headers.get(SECRET_HEADER, "")
    digest = _DIGEST + sha256(given.encode("utf-8", "replace")).hexdigest().encode()
    right = [hmac.compare_digest(secret, digest) for secret in secrets if secret.startswith(_DIGEST)]
    if not given or not any(right):
        raise Unauthenticated(f"{SECRET_HEADER} is missing or wrong")


def event_id(request: "Request") -> str:
    """A new one for every delivery: two equal bodies may be two changes."""
    return ids.new("del")


def parse(body: bytes, headers: dict[str, str]) -> "dict[str, Any] | None":
    """The notification as `intake.pulled.Signal`; None for one that names nothing that we can read."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not isinstance(event, dict):
        raise BadInput("the body is not a JSON object")
    name = event.get("event-type")
    if not isinstance(name, str) or name not in EVENTS:
        return None
    named, told = EVENTS[name]
    if name.startswith("follow-up") and "opportunity-id" not in event:
        return None  # only follow-up-created says whose it is
    found = {field: _id(event, key) for field, key in named.items()}
    code = event.get("opportunity-status")
    return {"event": name, **told, **found, "code": code if type(code) is int and 0 <= code <= 999 else None}


def client(secret: "Mapping[str, str]", base_url: str | None) -> "SmartMoving":
    """The API under one company's key. For the workers: it brings `requests`."""
    from moref.intake.crm import _smartmoving_api

    return _smartmoving_api.SmartMoving(base_url or _smartmoving_api.BASE, secret["api_key"])


def status_facts() -> "Mapping[int, frozenset[str]]":
    """From SmartMoving's status codes to the facts that hold in each."""
    from moref.intake.crm import _smartmoving_record

    return _smartmoving_record.STATUS_FACTS


def _id(event: "dict[str, Any]", key: str) -> str:
    value = event.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not _ID.issuperset(value):
        raise BadInput(f"{key}: must be an id", field=key)
    return value.lower()
