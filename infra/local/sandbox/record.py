"""Every request that the product made to an outside system, in order: `GET /_requests?vendor=x`."""

from __future__ import annotations

import threading
from typing import Any

from infra.local.sandbox.web import Request

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
REDACTED = "[redacted]"


def _body(request: Request) -> Any:
    """JSON and forms in readable shape, anything else as text."""
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        value = request.json()
        return request.body.decode(errors="replace") if value is None else value
    if "x-www-form-urlencoded" in kind:
        return request.form()
    return request.body.decode(errors="replace")


class Recorder:
    """Keeps requests in memory; an entry is filled in when the answer is known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []

    def add(self, vendor: str, path: str, request: Request, at: str) -> dict[str, Any]:
        """Record a request; `path` is the one the vendor would see."""
        entry: dict[str, Any] = {
            "vendor": vendor,
            "at": at,
            "method": request.method,
            "path": path,
            "query": request.query,
            "headers": {name: REDACTED if name in SECRET_HEADERS else value for name, value in request.headers.items()},
            "body": _body(request),
            "raw_body": request.body.decode(errors="replace"),
            "valid": None,
            "error": None,
            "fault": None,
            "status": None,
        }
        with self._lock:
            entry["sequence"] = len(self._entries) + 1
            self._entries.append(entry)
        return entry

    def of(self, vendor: str | None) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(entry) for entry in self._entries if vendor in (None, "", entry["vendor"])]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
