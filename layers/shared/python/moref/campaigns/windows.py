"""When a message may reach a person: inside the window of EVERY place they may be in. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from moref.campaigns.hours import hours_on
from moref.campaigns.places import Place
from moref.campaigns.zones import resolve, zone

SPREAD = timedelta(minutes=20)  # openings are spread, so that a Monday morning is not one burst
HORIZON = timedelta(days=14)  # places that have not agreed by then never will (Guam and Maine)
LEAST_ROOM = timedelta(minutes=2)  # a message that leaves this close to the window's end may arrive after it


@lru_cache(maxsize=4096)
def _window(place: Place, day: date, holidays: bool) -> tuple[datetime, datetime] | None:
    """The window of a local day as instants, the end excluded; None when the day is closed."""
    hours = hours_on(day, place.state, holidays=holidays)
    if hours is None:
        return None
    opens, closes = (resolve(datetime.combine(day, at), place.zone) for at in hours)
    return (opens, closes) if opens < closes else None


def closes_at(instant: datetime, places: Sequence[Place], *, holidays: bool = False) -> datetime | None:
    """When the window that `instant` is in ends (the earliest of all places); None when it is outside of any."""
    ends = []
    for place in places:
        window = _window(place, instant.astimezone(zone(place.zone)).date(), holidays)
        if window is None or not window[0] <= instant < window[1]:
            return None
        ends.append(window[1])
    return min(ends) if ends else None


def next_allowed(
    instant: datetime, places: Sequence[Place], spread_key: str, *, holidays: bool = False
) -> datetime | None:
    """`instant` when it is allowed, else the next opening plus up to 20 minutes that `spread_key` decides.

    None when no moment of the next 14 days is allowed in all places, or there is no place at all. `holidays`: the days
    of the setting observe_state_holidays are closed too; who plans without them is corrected by the last look.
    """
    if not places:
        return None
    if closes_at(instant, places, holidays=holidays) is not None:
        return instant
    opening = _opening(instant.astimezone(UTC), places, holidays)
    closing = opening and closes_at(opening, places, holidays=holidays)
    if opening is None or closing is None:
        return None
    # A common window of minutes is not spread to its very end: the last look wants room to arrive.
    room = max(min(SPREAD, closing - opening - LEAST_ROOM), timedelta(0)) // timedelta(seconds=1)
    offset = int.from_bytes(sha256(spread_key.encode()).digest()[:8], "big")
    return opening + timedelta(seconds=offset % room if room else 0)


def _opening(instant: datetime, places: Sequence[Place], holidays: bool) -> datetime | None:
    """The earliest moment from `instant` on that every place allows: wait for those that are closed, look again."""
    moment = instant
    while moment - instant <= HORIZON:
        openings = [_open_from(moment, place, holidays) for place in places]
        latest = moment
        for opening in openings:
            if opening is None:
                return None
            latest = max(latest, opening)
        if latest == moment:
            return moment
        moment = latest
    return None


def _open_from(moment: datetime, place: Place, holidays: bool) -> datetime | None:
    """The first moment that one place allows; None when it stays closed for the whole horizon."""
    day = moment.astimezone(zone(place.zone)).date()
    for later in range(HORIZON.days + 1):
        window = _window(place, day + timedelta(days=later), holidays)
        if window is not None and moment < window[1]:
            return max(moment, window[0])
    return None
