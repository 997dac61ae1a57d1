"""Months of the books, in UTC: a month's name, its first instant and the next one's. Pure."""

import re
from datetime import UTC, datetime

from moref.kernel.errors import BadInput

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def bounds(month: str) -> tuple[datetime, datetime]:
    """Raises BadInput on what is no month such as 2026-10."""
    if not _MONTH.fullmatch(month):
        raise BadInput("a month is written like 2026-10", field="month")
    return _first(month), _first(following(month))


def following(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04d}-{number + 1:02d}"


def month_of(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m}"


def _first(month: str) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)
