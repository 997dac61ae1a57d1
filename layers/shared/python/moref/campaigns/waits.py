"""When a wait is over, in the wall time of the recipient's first candidate place. Pure.

A wall time in a gap (spring) moves forward by the gap, one that comes twice (autumn) is its first instant. `places` has
at least one place. What comes out still has to pass `windows.next_allowed` before anything is sent.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta

from moref.campaigns.hours import WEEKDAYS
from moref.campaigns.places import Place
from moref.campaigns.zones import resolve, zone


def after_duration(instant: datetime, minutes: int) -> datetime:
    """Elapsed time: clocks that change in between make no difference."""
    return instant + timedelta(minutes=minutes)


def days_later(instant: datetime, days: int, places: Sequence[Place]) -> datetime:
    """The same wall time some days later: not a multiple of 24 hours."""
    name = places[0].zone
    local = instant.astimezone(zone(name))
    return resolve(local.replace(tzinfo=None) + timedelta(days=days), name)


def at_wall_time(instant: datetime, wall: str, places: Sequence[Place]) -> datetime:
    """The next moment at which it is `wall` ("HH:MM") there; `instant` itself when it is just that."""
    return on_weekday(instant, WEEKDAYS, wall, places)


def on_weekday(instant: datetime, weekdays: Collection[str], wall: str, places: Sequence[Place]) -> datetime:
    """The next moment at which it is `wall` there on one of the weekdays ("mon" to "sun"), `instant` included.

    Asking again at any moment before the answer gives the same answer. Raises ValueError without a weekday of these
    names, or on a wall time that is none.
    """
    if not set(weekdays) & set(WEEKDAYS):
        raise ValueError("no weekday")
    at, name = time.fromisoformat(wall), places[0].zone
    # From the day before: a wall time just before midnight that falls into a gap is over only after midnight.
    day = instant.astimezone(zone(name)).date() - timedelta(days=1)
    while True:
        found = resolve(datetime.combine(day, at), name)
        if WEEKDAYS[day.weekday()] in weekdays and found >= instant:
            return found
        day += timedelta(days=1)
