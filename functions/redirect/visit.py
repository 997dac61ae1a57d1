"""One visit of a link: find where it leads, store the click, send the visitor on.

The link is cached for a minute (a stale copy serves while storage is down); the click is one durable put before the
answer. What cannot be counted is still redirected: the customer comes first.
"""

from moref.kernel import codes, ids, keys
from moref.kernel.cache import Cache
from moref.kernel.clock import iso_at
from moref.kernel.errors import Conflict, Failure
from redirect import pages
from redirect.machines import is_machine
from redirect.target import target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from moref.aws.light import Light
    from moref.kernel.env import Redirect

LINK_SECONDS = 60
LINKS_KEPT = 10_000
CLICK_SECONDS = 400 * 24 * 3600
READ_WITHIN = 1.0  # seconds; even a cold miss with storage down answers within two


class RedirectDoor:
    """One per environment. `clock` gives Unix time."""

    def __init__(self, aws: "Light", settings: "Redirect", clock: "Callable[[], float]") -> None:
        self._aws = aws
        self._settings = settings
        self._clock = clock
        self._links = Cache(seconds=LINK_SECONDS, size=LINKS_KEPT)

    def visit(self, method: str, text: str, headers: dict[str, str]) -> "tuple[dict[str, Any], str, str | None]":
        """The answer, its outcome in a word, and the organization when known."""
        code = codes.normalise(text)
        if code is None:
            return _page(404, pages.NOT_FOUND, method), "not_found", None
        now = self._clock()
        try:
            link = self._link(code, now)
        except Failure:
            return _page(503, pages.UNAVAILABLE, method), "unavailable", None
        if link is None:
            return _page(404, pages.NOT_FOUND, method), "not_found", None
        organization, url = link
        if method != "GET" or is_machine(headers):
            return _found(url), "uncounted", organization
        try:
            self._aws.put(self._settings.traffic_table, click_row(code, organization, now))
        except Conflict:
            pass  # our own row: the answer of the first attempt was lost
        except Failure:
            return _found(url), "unrecorded", organization
        return _found(url), "recorded", organization

    def _link(self, code: str, now: float) -> tuple[str, str] | None:
        known, link = self._links.get(code, now)
        if not known:
            try:
                link = self._read(code)
            except Failure:
                known, link = self._links.stale(code)
                if not known or link is None:
                    raise
            self._links.put(code, link, now)
        found: tuple[str, str] | None = link
        return found

    def _read(self, code: str) -> tuple[str, str] | None:
        core = self._settings.core_table
        door = self._aws.get(core, keys.row_key(keys.GLOBAL, "door", code), within=READ_WITHIN)
        if door is None:
            return None
        organization = door["data"]["owner_id"]
        key = keys.row_key(organization, "location", door["data"]["location_id"])
        location = self._aws.get(core, key, within=READ_WITHIN)
        open_branch = location is not None and location["data"].get("status") == "active"
        site_url = location["data"].get("site_url") if location is not None and open_branch else None
        credited = location is None or location["data"].get("links_credit", True)
        return organization, target(
            site_url, code, base_url=self._settings.base_url, stage=self._settings.stage, credited=credited
        )


def click_row(code: str, organization: str, now: float) -> "dict[str, Any]":
    """No index attributes: nobody lists clicks one by one, and each index would double the price of a click.

    `moref.routing` makes the event of it: code and instant from the key, and `organization`.
    """
    at = iso_at(now)
    op = ids.new("clk")
    pk, sk = keys.click_key(code, at, op)
    return {
        "pk": pk,
        "sk": sk,
        "noun": "click",
        "version": 1,
        "op": op,
        "expires_at": int(now) + CLICK_SECONDS,
        "organization": organization,
        "code": code,
        "at": at,
    }


def _found(url: str) -> "dict[str, Any]":
    headers = {"location": url, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return {"statusCode": 302, "headers": headers, "body": ""}


def _page(status: int, html: str, method: str) -> "dict[str, Any]":
    headers = {**pages.HEADERS, "retry-after": "60"} if status == 503 else pages.HEADERS
    return {"statusCode": status, "headers": headers, "body": "" if method == "HEAD" else html}
