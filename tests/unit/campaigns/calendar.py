"""Every zone there is and every moment its clocks change, for tests over all of 2026 to 2028."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from moref.campaigns.zones import zone

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
STEP = timedelta(days=5)  # no zone changes its clocks twice within it


@cache
def distinct() -> list[str]:
    """One name for each different zone file: the others are its aliases."""
    seen: dict[bytes, str] = {}
    for name in ZONES:
        folder, _, last = name.rpartition("/")
        package = ".".join(["tzdata", "zoneinfo", *folder.split("/")]) if folder else "tzdata.zoneinfo"
        seen.setdefault(files(package).joinpath(last).read_bytes(), name)
    return list(seen.values())


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The instants from which another offset counts, to the second."""
    return tuple(_changes(name))


def offset(name: str, at: datetime) -> timedelta:
    found = at.astimezone(zone(name)).utcoffset()
    assert found is not None
    return found


def _changes(name: str) -> Iterator[datetime]:
    at = FIRST - 2 * DAY
    before = offset(name, at)
    while at < LAST:
        after = offset(name, at + STEP)
        if before != after:
            low, high = at, at + STEP
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if offset(name, middle) == before else (low, middle)
            yield high
        at, before = at + STEP, after
