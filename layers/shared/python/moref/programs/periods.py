"""Calendar periods in a branch's time zone: their names, and their first and last instant. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from moref.campaigns.zones import zone as zone_named

Calendar = Literal["month", "quarter", "year", "lifetime"]


def period_key(period: Calendar, at: datetime, zone: str) -> str:
    """`2026-06`, `2026-Q2`, `2026` or `lifetime`."""
    local = at.astimezone(zone_named(zone))
    if period == "lifetime":
        return "lifetime"
    if period == "year":
        return f"{local.year:04d}"
    if period == "quarter":
        return f"{local.year:04d}-Q{(local.month + 2) // 3}"
    return f"{local.year:04d}-{local.month:02d}"


def bounds(period: Literal["month", "quarter", "year"], at: datetime, zone: str) -> tuple[datetime, datetime]:
    """First instant of the period that `at` is in, and of the next one."""
    tz = zone_named(zone)
    local = at.astimezone(tz)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    first = (local.month - 1) // months * months
    begin = datetime(local.year, first + 1, 1, tzinfo=tz)
    year, month = divmod(local.year * 12 + first + months, 12)
    return begin.astimezone(UTC), datetime(year, month + 1, 1, tzinfo=tz).astimezone(UTC)


def days_later(at: datetime, days: int, zone: str) -> datetime:
    """The same wall time so many days on: not 24 hours each, where clocks change between."""
    return (at.astimezone(zone_named(zone)) + timedelta(days=days)).astimezone(UTC)
