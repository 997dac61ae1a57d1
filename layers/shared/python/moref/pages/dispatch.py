"""From an HTTP API event to the page that answers it: routes, size limits, form parsing, errors as pages."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from moref.kernel.errors import Conflict, Malformed, MorefError, NotFound, Retry, TooLarge
from moref.kernel.webhook import Request, from_event
from moref.pages import base, logo, partner, preferences, quote, review
from moref.pages.base import MAX_FORM, Form, Response
from moref.runtime import Runtime

READS = ("GET", "HEAD")
MAX_FIELDS = 50
SCRIPT = Path(__file__).with_name("ref.js")

Get = Callable[[Runtime, str, Mapping[str, str]], Response]
Post = Callable[[Runtime, str, Form], Response]

# The first part of the path -> what answers; the second part is a code or token.
PAGES: dict[str, tuple[Get, Post]] = {
    "q": (quote.get, quote.post),
    "p": (partner.get, partner.post),
    "review": (lambda runtime, token, _: review.get(runtime, token), review.post),
    "report": (lambda runtime, token, _: _report().get(runtime, token), lambda *asked: _report().post(*asked)),
    "u": (lambda runtime, token, _: preferences.get(runtime, token), preferences.post),
}


def answer(runtime: Runtime, event: dict[str, Any]) -> dict[str, Any]:
    """The HTTP API's answer (payload 2.0). HEAD is GET without the body; a GET changes nothing."""
    method = event["requestContext"]["http"]["method"]
    found = _page(runtime, event, method)
    made: dict[str, Any] = {"statusCode": found.status, "headers": dict(found.headers)}
    if method == "HEAD":
        return made | {"body": ""}
    if isinstance(found.body, bytes):
        return made | {"body": b64encode(found.body).decode(), "isBase64Encoded": True}
    return made | {"body": found.body}


def _page(runtime: Runtime, event: dict[str, Any], method: str) -> Response:
    parts = event.get("rawPath", "").strip("/").split("/")
    if parts == ["ref.js"] or parts[0] == "logo":
        return _public(runtime, parts, event) if method in READS else not_allowed("GET, HEAD")
    if len(parts) != 2 or parts[0] not in PAGES:
        return base.not_found()
    if method not in (*READS, "POST"):
        return not_allowed("GET, HEAD, POST")
    get, post = PAGES[parts[0]]
    token = unquote(parts[1])
    try:
        if method in READS:
            return get(runtime, token, _query(event))
        return post(runtime, token, parse_form(from_event(event)))
    except (NotFound, TooLarge, Malformed, Conflict, Retry) as error:
        return _problem(runtime, error)


def _public(runtime: Runtime, parts: list[str], event: dict[str, Any]) -> Response:
    """The same for everybody, and kept by caches."""
    if parts == ["ref.js"]:
        return script()
    return logo.get(runtime, parts[1], from_event(event).headers) if len(parts) == 2 else base.not_found()


def _problem(runtime: Runtime, error: MorefError) -> Response:
    if isinstance(error, NotFound):
        return base.not_found()
    if isinstance(error, TooLarge):
        return base.message(413, "That was too long", "Please shorten your text and send it again.")
    if isinstance(error, Malformed):
        return base.message(400, "We could not read that", "Please go back and send the form again.")
    runtime.metrics.count("page_busy")
    return base.message(503, "One moment, please", "We could not save this just now. Please send it again.")


def parse_form(request: Request) -> dict[str, str]:
    """The first value of each field; multipart because one-click unsubscribe (RFC 8058) prefers it.

    Raises TooLarge, Malformed.
    """
    if len(request.body) > MAX_FORM:
        raise TooLarge("the form is too long")
    kind = request.headers.get("content-type", "")
    pairs = _multipart(kind, request.body) if kind.lower().startswith("multipart/form-data") else _encoded(request.body)
    form: dict[str, str] = {}
    for name, value in pairs:
        form.setdefault(name, value)
    return form


def script() -> Response:
    """The script for a company's own site: public, the same for everybody, cached for an hour."""
    return Response(
        200,
        _script(),
        {
            "content-type": "text/javascript; charset=utf-8",
            "cache-control": "public, max-age=3600",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "cross-origin",
        },
    )


def not_allowed(methods: str) -> Response:
    page = base.message(405, "This does not work here", "Please open the link from your message again.")
    return Response(page.status, page.body, {**page.headers, "allow": methods})


@cache
def _script() -> str:
    return SCRIPT.read_text(encoding="utf-8")


def _report() -> Any:
    """The one page that is not for customers: they do not wait for what it reads."""
    from moref.pages import report

    return report


def _query(event: dict[str, Any]) -> dict[str, str]:
    try:
        return dict(parse_qsl(event.get("rawQueryString") or "", max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}  # a stranger's decoration of the link; the page does not need it


def _encoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError:  # also UnicodeDecodeError: percent-encoding is ASCII
        raise Malformed("the form cannot be read") from None


def _multipart(kind: str, body: bytes) -> list[tuple[str, str]]:
    message = BytesParser(policy=HTTP).parsebytes(
        b"content-type: " + kind.encode("ascii", "replace") + b"\r\n\r\n" + body
    )
    found: list[tuple[str, str]] = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.append((name, content.decode("utf-8", "replace")))
    if len(found) > MAX_FIELDS:
        raise Malformed("the form has too many fields")
    return found
