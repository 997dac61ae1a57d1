"""When a message may reach a person: inside the window of EVERY place they may be in. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from moref.campaigns.places import Place
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
def _window(place: Place, day: date) -> tuple[datetime, datetime]:
    """The window of a local day as instants; the end is excluded."""
    opens, closes = _hours()[day.weekday()]
    return resolve(datetime.combine(day, opens), place.zone), resolve(datetime.combine(day, closes), place.zone)


def closes_at(instant: datetime, places: Sequence[Place]) -> datetime | None:
    """When the window that `instant` is in ends (the earliest of all places); None when it is outside of any."""
    ends = []
    for place in places:
        opens, closes = _window(place, instant.astimezone(zone(place.zone)).date())
        if not opens <= instant < closes:
            return None
        ends.append(closes)
    return min(ends) if ends else None


def next_allowed(instant: datetime, places: Sequence[Place], spread_key: str) -> datetime | None:
    """`instant` when it is allowed, else the next opening plus up to 20 minutes that `spread_key` decides.

    None when no moment of the next 14 days is allowed in all places, or there is no place at all.
    """
    if not places:
        return None
    if closes_at(instant, places) is not None:
        return instant
    opening = _opening(instant.astimezone(UTC), places)
    closing = opening and closes_at(opening, places)
    if opening is None or closing is None:
        return None
    room = min(SPREAD, closing - opening) // timedelta(seconds=1)
    offset = int.from_bytes(sha256(spread_key.encode()).digest()[:8], "big")
    return opening + timedelta(seconds=offset % room if room else 0)


def _opening(instant: datetime, places: Sequence[Place]) -> datetime | None:
    """The earliest moment from `instant` on that every place allows: wait for those that are closed, look again."""
    moment = instant
    while moment - instant <= HORIZON:
        later = max(_open_from(moment, place) for place in places)
        if later == moment:
            return moment
        moment = later
    return None


def _open_from(moment: datetime, place: Place) -> datetime:
    day = moment.astimezone(zone(place.zone)).date()
    while True:
        opens, closes = _window(place, day)
        if moment < closes:
            return max(moment, opens)
        day += timedelta(days=1)
