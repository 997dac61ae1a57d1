"""When a wait is over, in the wall time of the recipient's first candidate place. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from moref.campaigns.places import Place
from moref.campaigns.zones import resolve, zone


def days_later(instant: datetime, days: int, places: Sequence[Place]) -> datetime:
    """The same wall time some days later: not a multiple of 24 hours."""
    name = places[0].zone
    local = instant.astimezone(zone(name))
    return resolve(local.replace(tzinfo=None) + timedelta(days=days), name)
