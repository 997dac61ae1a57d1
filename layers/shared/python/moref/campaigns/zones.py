"""Time zones: the pinned `tzdata` package instead of the machine's own copy, which may be old (rules.md "Time")."""

import zoneinfo
from datetime import UTC, datetime

# zoneinfo prefers the system's files; without a search path it reads the package. Zones made before are forgotten.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()


def zone(name: str) -> zoneinfo.ZoneInfo:
    """Raises ZoneInfoNotFoundError on a name tzdata does not have, ValueError on one that is no name at all."""
    return zoneinfo.ZoneInfo(name)


def known(name: str | None) -> bool:
    if not name:
        return False
    try:
        zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder ("America")
        return False
    return True


def resolve(wall: datetime, name: str) -> datetime:
    """The instant of a naive wall time: a gap moves forward by the gap, an overlap takes its first instant."""
    # fold=0 reads a wall time in a gap with the offset before it, which is exactly the move forward.
    return wall.replace(tzinfo=zone(name), fold=0).astimezone(UTC)
