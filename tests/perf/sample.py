"""The link, the hook and the webhook that product and floor are measured with."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from moref.aws.values import encode
from moref.kernel import codes, keys

ROOT = Path(__file__).resolve().parents[2]
BODY = (ROOT / "events/crm/generic/job_updated__booked.json").read_text()  # about a kilobyte, the longest sample

ORGANIZATION = "org_01JD9ZK3TSV4RRFFQ69G5FAV"
CODE = "7K3M9QX2WD" + codes._check("7K3M9QX2WD")
TOKEN = "k3jv7q2mzx4bnw5ty6ra"
SECRET = b"whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef")
SEALED_PLAIN = base64.b64encode(SECRET).decode()  # as KMS writes what it opened
SITE = "https://www.bluebird.example.com/austin/quote"

_DOOR = {"owner_id": ORGANIZATION, "location_id": "loc_austin", "advocate_id": "adv_01JD9ZK3TSV4RRFFQ69G5FB0"}
_LOCATION = {"status": "active", "site_url": SITE, "name": "Bluebird Moving Austin", "time_zone": "America/Chicago"}
_HOOK = {
    "owner_id": ORGANIZATION,
    "source": "crm:generic",
    "connection_id": "con_01JD9ZK3TSV4RRFFQ69G5FB1",
    "status": "active",
    "secret_ciphertexts": [base64.b64encode(b"sealed" * 40).decode()],
    "previous_until": None,
}


def _row(key: tuple[str, str], data: dict[str, Any]) -> dict[str, Any]:
    at = "2026-06-02T15:00:00.000000Z"
    row = {"pk": key[0], "sk": key[1], "version": 1, "created": at, "updated": at, "data": data}
    item: dict[str, Any] = encode(row)["M"]
    return item


# pk -> what GetItem finds; the last is what a floor reads, which needs no two steps
ITEMS: dict[str, dict[str, Any]] = {
    key[0]: _row(key, data)
    for key, data in (
        (keys.row_key(keys.GLOBAL, "door", CODE), _DOOR),
        (keys.row_key(ORGANIZATION, "location", "loc_austin"), _LOCATION),
        (keys.row_key(keys.GLOBAL, "hook", TOKEN), _HOOK),
    )
} | {f"*#link#{CODE}": {"url": {"S": f"{SITE}?ref={CODE}"}}}

# What API Gateway adds to every event, beside what each door reads.
_COMMON = {
    "version": "2.0",
    "rawQueryString": "",
    "isBase64Encoded": False,
}
_EDGE = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "content-length": "0",
    "host": "go.moref.example",
    "x-amzn-trace-id": "Root=1-674057a0-0f1e2d3c4b5a69788796a5b4",
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
}
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)


def visit() -> dict[str, Any]:
    return {
        **_COMMON,
        "rawPath": f"/r/{CODE}",
        "headers": {**_EDGE, "user-agent": PHONE},
        "requestContext": {"http": {"method": "GET"}},
        "pathParameters": {"code": CODE},
    }


def webhook(id: str) -> dict[str, Any]:
    """Signed now: as Standard Webhooks asks, and once more in hex for the floor, which has no base64."""
    stamp = str(int(time.time()))
    signed = f"{id}.{stamp}.{BODY}".encode()
    key = base64.b64decode(SECRET.removeprefix(b"whsec_"))
    return {
        **_COMMON,
        "rawPath": f"/hooks/crm/generic/{TOKEN}",
        "headers": {
            **_EDGE,
            "content-type": "application/json",
            "user-agent": "example-crm/4.2",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode(),
            "x-floor-signature": hmac.new(SEALED_PLAIN.encode(), signed, hashlib.sha256).hexdigest(),
        },
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"crm": "generic", "token": TOKEN},
        "body": BODY,
    }


def events(door: str, count: int, tag: str = "") -> str:
    """JSON for a measured process: a list of events, webhooks each with an id of its own."""
    if door == "redirect":
        return json.dumps([visit()] * count)
    return json.dumps([webhook(f"msg_{tag}_{number}_{time.time_ns()}") for number in range(count)])
