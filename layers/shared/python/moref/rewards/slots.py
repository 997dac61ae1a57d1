"""The pace of one credential: each request to the provider takes a slot of its own, reserved by a conditional write."""

from datetime import datetime, timedelta

from moref.kernel.errors import Conflict, Retry
from moref.records import Change, Create
from moref.rewards.model import RateSlot
from moref.runtime import Runtime

GAP = timedelta(milliseconds=125)  # 8 a second; Tremendous documents 10
FRESH = timedelta(seconds=2)  # a slot missed by more is taken anew: what piled up keeps below what the provider allows
_TRIES = 8


def reserve(runtime: Runtime, organization_id: str, account_id: str) -> datetime:
    """When the caller may ask; now or later. Raises Retry when the race for slots was lost every time."""
    store = runtime.store
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
                    next_at=slot + GAP,
                )
                store.commit(Create(first))
            else:
                store.commit(Change(before, before.changed(now, next_at=slot + GAP)))
        except Conflict:
            continue
        return slot
    raise Retry("rate_limited", seconds=2)


def usable(slot: datetime | None, now: datetime) -> bool:
    return slot is not None and slot <= now <= slot + FRESH
