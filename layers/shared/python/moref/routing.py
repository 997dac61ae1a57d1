"""Which queues a stored row goes to: the pure part of the stream router and the sweeper.

Three kinds of row are events: an outbox row (`data` is the envelope), an inbox row (a webhook as it came) and a click.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moref.events import ROUTES, Event, envelope
from moref.kernel.errors import Malformed
from moref.kernel.keys import GLOBAL

CLICK = "click#"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way: `message` goes to each of `queues`; then `pending` of the row (table, key) is cleared."""

    table: str
    key: tuple[str, str]
    message: dict[str, Any]
    queues: tuple[str, ...]
    pending: bool


def delivery(table: str, row: Mapping[str, Any]) -> Delivery | None:
    """What to do with a row as stored; None when it is no event (or was delivered).

    Raises Malformed on an event that nobody can route: unknown to this code, or not in an event's shape. It is parked,
    never dropped: newer code may know it.
    """
    key = (row["pk"], row["sk"])
    if key[0].startswith(CLICK):
        return Delivery(table, key, _click(row), ROUTES["click.recorded"], pending=False)
    if not row.get("pending"):
        return None
    noun = row.get("noun")
    if noun == "event":
        message = _outbox(row)
    elif noun == "inbox":
        message = _inbox(row)
    else:
        raise Malformed(f"a pending row of noun {noun!r}")
    queues = ROUTES.get(str(message["name"]))
    if queues is None:
        raise Malformed(f"nobody hears {message['name']!r}")
    return Delivery(table, key, message, queues, pending=True)


def _outbox(row: Mapping[str, Any]) -> dict[str, Any]:
    message = row.get("data")
    if not isinstance(message, dict) or not {"id", "schema", "name", "organization_id", "subject"} <= set(message):
        raise Malformed("an outbox row without an envelope")
    return message


def _inbox(row: Mapping[str, Any]) -> dict[str, Any]:
    """The event is the row's own arrival; its body stays where it is."""
    organization, _, rest = str(row["pk"]).partition("#")
    id, data = rest.partition("#")[2], row.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("source"), str):
        raise Malformed("an inbox row without a source")
    event = Event("inbox.received", organization, id, {"source": data["source"]})
    return envelope(event, id, str(row.get("created") or row.get("pending_since")))


def _click(row: Mapping[str, Any]) -> dict[str, Any]:
    code = str(row["pk"]).split("#")[1]
    at, _, unique = str(row["sk"]).partition("#")
    event = Event("click.recorded", str(row.get("organization") or GLOBAL), code, {"code": code, "at": at})
    return envelope(event, unique, at)
