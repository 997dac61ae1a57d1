"""Lists and single rows of any readable noun."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moref.api import cursor
from moref.api.operation import Call, Operation, Schema, visible
from moref.api.resource import Resource
from moref.api.tokens import Caller
from moref.kernel.errors import BadInput, Forbidden

LIMIT, MAX_LIMIT = 50, 100
_TIMES = ("created_since", "created_until", "updated_since", "updated_until")


def operations(resource: Resource) -> tuple[Operation, Operation]:
    """GET /v1/<path> and GET /v1/<path>/{id}."""

    def listed(call: Call) -> dict[str, Any]:
        return list_of(call, resource)

    def one(call: Call) -> dict[str, Any]:
        return resource.shown_to(call, call.get(resource.kind, call.params["id"]))

    def page() -> Schema:
        properties = {
            "items": {"type": "array", "items": resource.schema()},
            "next_cursor": {"type": ["string", "null"]},
        }
        return {"type": "object", "properties": properties, "required": ["items", "next_cursor"]}

    tag, words, path = resource.path, f"Lists {resource.words}", f"/v1/{resource.path}"
    one_of, whole, least = f"One of {resource.path}", resource.whole, resource.least
    return (
        Operation("GET", path, listed, least, tag, words, page, query=_query(resource), whole=whole),
        Operation("GET", path + "/{id}", one, least, tag, one_of, resource.schema, whole=whole),
    )


def list_of(call: Call, resource: Resource) -> dict[str, Any]:
    """A page, newest first. A caller limited to locations gets their rows only: such a page may hold fewer."""
    query = call.query
    known = _filters(resource)
    given = [(name, stored) for name, stored in known.items() if name in query]
    if len(given) > 1 and {stored for _, stored in given} != {"waiting", "location_id"}:
        raise BadInput(f"one filter at a time: {', '.join(known)}", field=given[1][0])
    if "waiting" in query and query["waiting"] not in resource.waits:
        raise BadInput(f"waiting is one of {', '.join(resource.waits)}", field="waiting")
    if "status" in query and query["status"] not in resource.statuses():
        raise BadInput(f"status is one of {', '.join(resource.statuses())}", field="status")
    filters: dict[str, Any] = {stored: query[name] for name, stored in given} | _range(query)
    page = call.runtime.store.list(
        resource.kind,
        call.organization_id,
        limit=_limit(query),
        after=cursor.unseal(call.runtime.keys, call.scope, query["cursor"]) if "cursor" in query else None,
        **filters,
    )
    items = [resource.shown_to(call, entity) for entity in page.items if visible(call.caller, entity)]
    after = None if page.after is None else cursor.seal(call.runtime.keys, call.scope, page.after)
    return {"items": items, "next_cursor": after}


def only_whole(operation: Operation, caller: Caller) -> None:
    """Raises Forbidden when the operation is about the whole organization and the caller is limited to locations."""
    if operation.whole and caller.location_ids is not None:
        raise Forbidden("this is for members who may see every location")


def instant(text: str, name: str) -> datetime:
    """RFC 3339 with a zone. Raises BadInput."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name} is a time such as 2026-11-22T10:00:00Z", field=name) from None
    if at.tzinfo is None:
        raise BadInput(f"{name} needs its zone, such as 2026-11-22T10:00:00Z", field=name)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise BadInput(f"{name} is out of range", field=name) from None


def _filters(resource: Resource) -> dict[str, str]:
    return {**resource.filters} | ({"waiting": "waiting"} if resource.waits else {})


def _query(resource: Resource) -> dict[str, Schema]:
    found: dict[str, Schema] = {name: {"type": "string"} for name in _filters(resource)}
    if resource.waits:
        words = "what it asks of staff; of one location together with location_id; takes no time range"
        found["waiting"] = {"type": "string", "enum": list(resource.waits), "description": words}
    if "status" in found:
        found["status"] = {"type": "string", "enum": list(resource.statuses())}
    ranges = _TIMES if "status" in found else _TIMES[:2]
    found |= {name: {"type": "string", "format": "date-time"} for name in ranges}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": LIMIT}
    return found | {"limit": limit, "cursor": {"type": "string"}}


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise BadInput(f"limit is a whole number from 1 to {MAX_LIMIT}", field="limit")
    return int(text)


def _range(query: Mapping[str, str]) -> dict[str, datetime]:
    """The index of statuses is ordered by change, every other by creation."""
    if "waiting" in query and (wrong := next((name for name in _TIMES if name in query), None)):
        raise BadInput("what waits is listed without a time range", field=wrong)
    kind, other = ("updated", "created") if "status" in query else ("created", "updated")
    wrong = next((name for name in _TIMES if name.startswith(other) and name in query), None)
    if wrong:
        when = "with" if kind == "updated" else "without"
        raise BadInput(f"{when} a status filter the time range is {kind}_since and {kind}_until", field=wrong)
    names = {"since": f"{kind}_since", "until": f"{kind}_until"}
    return {end: instant(query[name], name) for end, name in names.items() if name in query}
