"""Checks each request against the vendor's own OpenAPI description, when the descriptions are at hand.

They live beside the repository in `shared/vendors`; without them a request is neither valid nor invalid.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.layout import REPOSITORY
from infra.local.sandbox import stripe_form
from infra.local.sandbox.web import Request

RELAXED_FORMATS: dict[str, dict[str, Callable[[Any], bool]]] = {
    # The description wants a full time for DateSent; Twilio's documentation, and Twilio, take a date as well.
    "twilio": {"date-time": lambda value: not isinstance(value, str) or _is_time(value)},
}
BRACKETED = frozenset({"stripe"})
"""Whose forms nest by brackets in their names, which openapi-core does not read."""
Check = Callable[[str, Request], "str | None"]
VENDORS = REPOSITORY.parent / "shared" / "vendors"


class _VendorRequest:
    """A request in the shape that openapi-core asks for."""

    def __init__(self, host_url: str, path: str, request: Request) -> None:
        from openapi_core import datatypes
        from werkzeug.datastructures import Headers, ImmutableMultiDict

        self.host_url = host_url
        self.path = path
        self.method = request.method.lower()
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "")
        self.parameters = datatypes.RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(list(request.headers.items())), path={}
        )


class Validator:
    """Validates the requests of all vendors; a description is read at the first request that needs it."""

    def __init__(self, vendors: Path = VENDORS) -> None:
        self._vendors = vendors
        self._lock = threading.Lock()
        self._read: dict[str, Check | None] = {}

    def warm(self, vendors: Iterable[str]) -> None:
        """Read descriptions ahead of the first request, which would otherwise wait a second for it."""
        for vendor in vendors:
            self._description(vendor)

    def check(self, vendor: str, path: str, request: Request) -> tuple[bool | None, str | None]:
        """(valid, error): (None, None) when there is no description of this vendor."""
        description = self._description(vendor)
        if description is None:
            return None, None
        wrong = description(path, request)
        return wrong is None, wrong

    def _description(self, vendor: str) -> Check | None:
        with self._lock:
            if vendor not in self._read:
                self._read[vendor] = self._load(vendor)
            return self._read[vendor]

    def _load(self, vendor: str) -> Check | None:
        file = self._vendors / vendor / "openapi.json"
        if not file.exists():
            return None
        content = json.loads(file.read_text())
        if vendor in BRACKETED:
            return stripe_form.checker(content)
        from openapi_core import Config, OpenAPI

        # Descriptions taken from vendors are used as they are, whether or not they are beyond reproach themselves.
        config = Config(spec_validator_cls=None, extra_format_validators=RELAXED_FORMATS.get(vendor))
        api = OpenAPI.from_dict(content, config=config)
        host, _, base = content["servers"][0]["url"].removeprefix("https://").partition("/")
        return _checker(api, f"https://{host}", f"/{base}" if base else "")


def _checker(api: Any, host_url: str, base: str) -> Check:
    from openapi_core.exceptions import OpenAPIError

    def wrong(path: str, request: Request) -> str | None:
        try:
            api.validate_request(_VendorRequest(host_url, base + path, request))
        except OpenAPIError as error:
            return _reason(error)
        return None

    return wrong


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    """The error and what is underneath it, in one line."""
    lines = [str(error)]
    cause = error.__cause__
    while cause is not None:
        lines.append(str(cause))
        lines.extend(str(inner).split("\n", 1)[0] for inner in getattr(cause, "schema_errors", []))
        cause = cause.__cause__
    return "; ".join(dict.fromkeys(line for line in lines if line))[:500]
