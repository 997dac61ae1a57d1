"""How often something may happen: pure rules over the times at which it did.

Counted per e-mail address and per network address, in rows that a conditional write keeps: no web application firewall
is needed for them, and parallel requests count one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from moref.kernel.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    most: int
    within: timedelta


CODES_OF_ADDRESS = Limit(5, timedelta(hours=1))
FAILURES_OF_ADDRESS = Limit(20, timedelta(days=1))
CODES_OF_SOURCE = Limit(60, timedelta(hours=1))  # an office shares one network address
FAILURES_OF_SOURCE = Limit(100, timedelta(days=1))
INVITATIONS = Limit(50, timedelta(days=1))  # of an organization, resent ones too
KEPT = timedelta(days=2)  # of a row that only counts; longer than any window


def lately(times: Sequence[datetime], now: datetime, limit: Limit) -> list[datetime]:
    """Those that still count, oldest first."""
    return [at for at in times if now - at < limit.within]


def noted(times: Sequence[datetime], now: datetime, limit: Limit) -> list[datetime]:
    return [*lately(times, now, limit), now]


def check(times: Sequence[datetime], now: datetime, limit: Limit, words: str) -> None:
    """Raises TooMany, with the seconds until one more is allowed."""
    recent = lately(times, now, limit)
    if len(recent) >= limit.most:
        free_at = recent[-limit.most] + limit.within
        raise TooMany(words, seconds=max(1, -((now - free_at) // timedelta(seconds=1))))
