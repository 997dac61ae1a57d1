"""When a message may reach a person: inside the window of EVERY zone they may be in. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from moref.campaigns.zones import resolve, zone

_DATA = Path(__file__).with_name("data") / "windows.json"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SPREAD = timedelta(minutes=20)  # openings are spread, so that a Monday morning is not one burst
HORIZON = timedelta(days=14)  # zones that have not agreed by then never will (Guam and Maine)


@cache
def _hours() -> tuple[tuple[time, time], ...]:
    """Opening and closing by weekday, Monday first."""
    days = json.loads(_DATA.read_text(encoding="utf-8"))["days"]
    return tuple((time.fromisoformat(days[day][0]), time.fromisoformat(days[day][1])) for day in _DAYS)


@cache
def _window(name: str, day: date) -> tuple[datetime, datetime]:
    """The window of a local day as instants; the end is excluded."""
    opens, closes = _hours()[day.weekday()]
    return resolve(datetime.combine(day, opens), name), resolve(datetime.combine(day, closes), name)


def closes_at(instant: datetime, zones: Sequence[str]) -> datetime | None:
    """When the window that `instant` is in ends (the earliest of all zones); None when it is outside of any."""
    ends = []
    for name in zones:
        opens, closes = _window(name, instant.astimezone(zone(name)).date())
        if not opens <= instant < closes:
            return None
        ends.append(closes)
    return min(ends) if ends else None


def next_allowed(instant: datetime, zones: Sequence[str], spread_key: str) -> datetime | None:
    """`instant` when it is allowed, else the next opening plus up to 20 minutes that `spread_key` decides.

    None when no moment of the next 14 days is allowed in all zones, or there is no zone at all.
    """
    if not zones:
        return None
    if closes_at(instant, zones) is not None:
        return instant
    opening = _opening(instant.astimezone(UTC), zones)
    closing = opening and closes_at(opening, zones)
    if opening is None or closing is None:
        return None
    room = min(SPREAD, closing - opening) // timedelta(seconds=1)
    place = int.from_bytes(sha256(spread_key.encode()).digest()[:8], "big")
    return opening + timedelta(seconds=place % room if room else 0)


def _opening(instant: datetime, zones: Sequence[str]) -> datetime | None:
    """The earliest moment from `instant` on that every zone allows: wait for the zones that are closed, look again."""
    moment = instant
    while moment - instant <= HORIZON:
        later = max(_open_from(moment, name) for name in zones)
        if later == moment:
            return moment
        moment = later
    return None


def _open_from(moment: datetime, name: str) -> datetime:
    day = moment.astimezone(zone(name)).date()
    while True:
        opens, closes = _window(name, day)
        if moment < closes:
            return max(moment, opens)
        day += timedelta(days=1)
