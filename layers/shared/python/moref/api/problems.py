"""Every error as RFC 9457 problem details, made in one place. Nothing of the request is echoed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from moref.kernel.errors import BadInput, Failure, Malformed, MorefError, NotFound, TooMany, Unauthenticated

TITLES = {
    400: "The request cannot be read",
    401: "Who are you?",
    402: "The subscription has lapsed",
    403: "This is not allowed",
    404: "Nothing here",
    405: "This address has no such method",
    409: "The present state does not allow this",
    413: "The body is too large",
    422: "The request cannot be accepted",
    429: "Too many requests",
    500: "Something broke here",
    503: "Try again in a moment",
}
MAX_ERRORS = 20


class Invalid(BadInput):
    """Several fields at once: (field, what is wrong with it)."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in errors[:3]), field=errors[0][0])
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it meets HTTP machinery; `body` is bytes where it is a picture."""

    status: int
    body: str | bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")), headers=headers or {})


def problem(error: MorefError, request_id: str) -> Reply:
    """404 never says what was looked for: another tenant's id and an unknown one get the same bytes."""
    status = 503 if isinstance(error, Failure) else error.status
    detail = "nothing here under this address" if isinstance(error, NotFound) else error.detail
    if status >= 500:
        detail = TITLES[status]
    fields: list[tuple[str, str]] = []
    if isinstance(error, Invalid):
        fields = list(error.errors)
    elif error.field and status < 500:
        fields = [(error.field, error.detail)]
    code = error.code if status < 500 else ("unavailable" if status == 503 else "internal")
    return write(status, code, detail, request_id, fields=fields, headers=_headers(error, status))


def _headers(error: MorefError, status: int) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"www-authenticate": 'Bearer realm="moref"'}
    if isinstance(error, TooMany):
        return {"retry-after": str(error.seconds)}
    return {"retry-after": "5"} if status == 503 else {}


def write(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    fields: Sequence[tuple[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> Reply:
    document: dict[str, Any] = {
        "type": f"/v1/docs#{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if fields:
        document["field"] = fields[0][0]
        document["errors"] = [{"field": name, "detail": words} for name, words in fields[:MAX_ERRORS]]
    return Reply(status, json.dumps(document, ensure_ascii=False), "application/problem+json", headers or {})


def from_pydantic(error: ValidationError) -> MorefError:
    """Malformed when the body is no JSON at all, else Invalid naming every field. Values are left out."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        return Malformed("the body is not valid JSON")
    return Invalid([(_name(detail), detail["msg"]) for detail in details[:MAX_ERRORS]])


def _name(detail: ErrorDetails) -> str:
    return ".".join(str(part)[:64] for part in detail["loc"]) or "body"
