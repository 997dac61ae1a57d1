"""An incoming webhook as every adapter sees it, and the contract an adapter keeps. Standard library only.

An adapter module (intake/crm/<name>.py, messaging/channels/<name>.py, rewards/providers/<name>.py) has
    KEEP_HEADERS: tuple[str, ...]                        headers stored beside the raw body, lower case
    verify(request, secrets: list[bytes], now: float)    raises Unauthenticated; tries every secret; constant time
    event_id(request) -> str                             the sender's id, the same for every retry; after verify only
    owner(request) -> str | None                         of the platform's own account only: whose event it is
An empty list of secrets verifies nothing: it is refused.
"""

from base64 import b64decode

from moref.kernel.errors import Malformed, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BODY = 256 * 1024
LARGEST_BODY = 1024 * 1024  # of a sender that posts big batches; packed, it must fit into one row


class Request:
    """`url` is the public one with its query, as the sender signed it; header names are lower case.

    `source` is the network address it came from: never stored or logged as it is.
    """

    __slots__ = ("body", "headers", "method", "source", "url")

    def __init__(self, method: str, url: str, headers: dict[str, str], body: bytes, source: str = "") -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.source = source


def from_event(event: "dict[str, Any]", base_url: str = "", largest: int = MAX_BODY) -> Request:
    """From an HTTP API (payload 2.0) event. Raises TooLarge over `largest`, Malformed on an undecodable body."""
    text = event.get("body") or ""
    if len(text) > 2 * largest:
        raise TooLarge(f"the body may have {largest // 1024} KiB")
    try:
        body = b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError:
        raise Malformed("the body is not base64") from None
    if len(body) > largest:
        raise TooLarge(f"the body may have {largest // 1024} KiB")
    query = event.get("rawQueryString") or ""
    url = base_url + event.get("rawPath", "") + ("?" + query if query else "")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    http = event["requestContext"]["http"]
    return Request(http["method"], url, headers, body, http.get("sourceIp", ""))
