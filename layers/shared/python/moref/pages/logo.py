"""/logo/{id}: a branch's logo, public, at an address that stays. Caches may keep it for a day."""

from collections.abc import Mapping
from typing import Any

from moref.kernel.keys import GLOBAL
from moref.pages.base import Response, not_found
from moref.runtime import Runtime
from moref.tenants.model import Location, Logo

PREFIX = "/logo/"
_LONGEST = 64


def get(runtime: Runtime, id: str, headers: Mapping[str, str]) -> Response:
    """`headers` in lower case. 304 when whoever asks has the present one."""
    logo = runtime.store.find(Logo, GLOBAL, id) if id.isascii() and len(id) <= _LONGEST else None
    if logo is None or logo.file is None:
        return not_found()
    kept = {"cache-control": "public, max-age=86400", "etag": f'"{logo.id}.{logo.number}"'}
    if headers.get("if-none-match") == kept["etag"]:
        return Response(304, "", kept)
    body = runtime.files.get(logo.file)
    if body is None:
        return not_found()
    shown = {
        "content-type": logo.content_type,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "cross-origin",  # mail programs and the company's own site show it
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }
    return Response(200, body, kept | shown)


def brand(location: Location) -> dict[str, Any]:
    """What the layout shows of a branch: its name, and its logo where that is one of ours (no other is fetched)."""
    _, found, rest = (location.branding.logo_url or "").partition(PREFIX)
    return {"company": location.name, "logo": f"{PREFIX}{rest}" if found else None}
