"""The inbox row as a door writes it with one plain put: the same layout that `InboxEvent` has in the store.

Kept apart from the model, which needs pydantic and would double a door's start; a test reads with one what the other
wrote.
"""

import zlib
from base64 import b64encode

from moref.kernel import ids, keys
from moref.kernel.clock import iso_at
from moref.kernel.errors import TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEEP_SECONDS = 30 * 24 * 3600
NOUN = "inbox"
REFUSAL = "hook_refusal"
MOST_PACKED = 390_000  # a row may have 400 KB in all


def pack(raw: bytes) -> str:
    """Base64 of zlib. A small window packs a webhook as well, and is set up in a fifth of the time.

    Raises TooLarge on what would not fit into a row.
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, wbits=12, memLevel=5)
    packed = b64encode(packer.compress(raw) + packer.flush()).decode()
    if len(packed) > MOST_PACKED:
        raise TooLarge("the body does not fit, even packed")
    return packed


def build(
    *, organization: str, source: str, connection_id: str, event_id: str, headers: dict[str, str], body: str, now: float
) -> "dict[str, Any]":
    """`body` is what `pack` made of the raw bytes; `now` is Unix time. Every retry of an event has the same id."""
    id = ids.derived("inb", source, connection_id, event_id)
    at = iso_at(now)
    pk, sk = keys.row_key(organization, NOUN, id)
    return {
        "pk": pk,
        "sk": sk,
        "noun": NOUN,
        "version": 1,
        "op": ids.new("op"),
        "noun_key": keys.noun_key(organization, NOUN),
        "status_key": keys.filter_key(organization, NOUN, "received"),
        "created": at,
        "updated": at,
        "pending": keys.pending_shard(id),  # until the router has sent it on
        "pending_since": at,
        "expires_at": int(now) + KEEP_SECONDS,
        "data": {
            "created_at": at,
            "updated_at": at,
            "source": source,
            "connection_id": connection_id,
            "event_id": event_id,
            "headers": headers,
            "body": body,
            "status": "received",
            "reason": None,
            "handled_at": None,
            "replays": 0,
        },
    }


def refusal(*, organization: str, connection_id: str, reason: str, now: float) -> "dict[str, Any]":
    """One row an hour and connection: whoever sets a CRM up sees why nothing arrives. `reason` is in our own words."""
    at = iso_at(now)
    pk, sk = keys.row_key(organization, REFUSAL, f"{connection_id}.{at[:13]}")
    return {
        "pk": pk,
        "sk": sk,
        "noun": REFUSAL,
        "version": 1,
        "op": ids.new("op"),
        "noun_key": keys.noun_key(organization, REFUSAL),
        "created": at,
        "updated": at,
        "expires_at": int(now) + KEEP_SECONDS,
        "data": {"created_at": at, "updated_at": at, "connection_id": connection_id, "reason": reason},
    }
