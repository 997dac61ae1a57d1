"""Time is a port: nothing below the handlers asks the machine for it. Instants are UTC everywhere."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> datetime:
        return datetime.now(UTC)


def iso(instant: datetime) -> str:
    """Fixed-width UTC text that sorts as time does: `2026-11-22T10:00:00.000000Z`. Raises ValueError on a naive one."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_at(seconds: float) -> str:
    """The same from Unix time, for a hot door's row, without building a datetime."""
    micros = round(seconds * 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(micros // 1_000_000)) + f".{micros % 1_000_000:06d}Z"


def iso_now() -> str:
    return iso_at(time.time())
