"""The pace of one credential: each request to the provider takes a slot of its own, reserved by a conditional write.
How fast it is, is data (data/paces.json)."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from moref.kernel.errors import Conflict, Retry
from moref.records import Change, Create
from moref.rewards.model import RateSlot
from moref.runtime import Runtime

SLOWEST = "1"  # requests a second of a provider that says nothing
FRESH = timedelta(seconds=2)  # a slot missed by more is taken anew: what piled up keeps below what the provider allows
_TRIES = 8


def reserve(runtime: Runtime, organization_id: str, account_id: str, provider: str) -> datetime:
    """When the caller may ask; now or later. Raises Retry when the race for slots was lost every time."""
    store, pause = runtime.store, gap(provider, runtime.clock.now().date())
    for _ in range(_TRIES):
        now = runtime.clock.now()
        before = store.find(RateSlot, organization_id, account_id)
        slot = now if before is None else max(now, before.next_at)
        try:
            if before is None:
                first = RateSlot(
                    organization_id=organization_id,
                    id=account_id,
                    created_at=now,
                    updated_at=now,
                    next_at=slot + pause,
                )
                store.commit(Create(first))
            else:
                store.commit(Change(before, before.changed(now, next_at=slot + pause)))
        except Conflict:
            continue
        return slot
    raise Retry("rate_limited", seconds=2)


@cache
def gap(provider: str, day: date) -> timedelta:
    """From one request to the next, as of that day."""
    text = Path(__file__).with_name("data").joinpath("paces.json").read_text("utf-8")
    rows = [row for row in json.loads(text)["rows"] if row["provider"] == provider]
    known = [row for row in rows if date.fromisoformat(row["from"]) <= day]
    newest = max(known, key=lambda row: str(row["from"]), default={"per_second": SLOWEST})
    return timedelta(microseconds=int(1_000_000 / Decimal(newest["per_second"])))


def usable(slot: datetime | None, now: datetime) -> bool:
    return slot is not None and slot <= now <= slot + FRESH
