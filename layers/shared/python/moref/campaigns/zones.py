"""Time zones: the pinned `tzdata` package instead of the machine's own copy, which may be old (rules.md "Time")."""

import json
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from moref.intake.model import Address

# zoneinfo prefers the system's files; without a search path it reads the package. Zones made before are forgotten.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()

_STATES = Path(__file__).with_name("data") / "state_zones.json"


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


@cache
def _state_zones() -> dict[str, tuple[str, ...]]:
    return {state: tuple(names) for state, names in json.loads(_STATES.read_text(encoding="utf-8"))["states"].items()}


def candidates(origin: Address | None, destination: Address | None, branch: str) -> list[str]:
    """Every zone the recipient may be in: of the address left, the one moved to, and the branch; without repeats.

    An address without a zone of its own stands for every zone of its state; one outside the US adds nothing.
    """
    found: list[str] = []
    for address in (origin, destination):
        if address is None:
            continue
        if known(address.time_zone):
            found.append(str(address.time_zone))
        elif address.country == "US" and address.state:
            found.extend(_state_zones().get(address.state.strip().upper(), ()))
    return list(dict.fromkeys([*found, branch]))


def resolve(wall: datetime, name: str) -> datetime:
    """The instant of a naive wall time: a gap moves forward by the gap, an overlap takes its first instant."""
    # fold=0 reads a wall time in a gap with the offset before it, which is exactly the move forward.
    return wall.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


def days_later(instant: datetime, days: int, names: Sequence[str]) -> datetime:
    """The same wall time some days later, in the first of the zones: not a multiple of 24 hours."""
    local = instant.astimezone(zone(names[0]))
    return resolve(local.replace(tzinfo=None) + timedelta(days=days), names[0])
