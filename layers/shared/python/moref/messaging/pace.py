"""Slots of a lane, reserved by conditional writes, so that many workers keep one sender's pace together.

Fairness: slots are reserved a few seconds ahead at most, and what an organization may hold of them is no more than what
is still free (the dynamic threshold of shared switch buffers). One alone holds half of it; many hold equal parts, and
always leave a part for whoever comes next. Who holds nothing gets the next slot at once. An organization that has its
part puts its further messages into a line of its own (`messaging.line`), without slots.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import AwareDatetime, Field

from moref.kernel.errors import Conflict, Retry
from moref.messaging.lanes import Lane
from moref.records import Change, Create, Entity, Write
from moref.runtime import Runtime

HORIZON = timedelta(seconds=4)  # of slots ahead, all organizations together
EARLY = timedelta(seconds=1)  # a slot this near is now: queues know whole seconds, vendors count over more than one
FRESH = timedelta(seconds=5)  # a slot missed by more is taken anew: a burst after an outage keeps the pace
TRIES = 4


class LaneClock(Entity):
    """organization_id is the lane's owner, id its name."""

    noun: ClassVar[str] = "lane"

    next_at: AwareDatetime  # the next slot that nobody has


class LaneShare(Entity):
    """What one organization has of a lane; id is the lane's name. `turn_at` and `step_us` are `messaging.line`'s."""

    noun: ClassVar[str] = "lane_share"

    held: dict[str, int] = Field(default_factory=dict)  # second (Unix time) of a slot -> units
    turn_at: AwareDatetime  # the end of its line; in the past: nobody waits
    step_us: int = 0  # microseconds from turn to turn


@dataclass(frozen=True, slots=True)
class Slot:
    at: datetime


@dataclass(frozen=True, slots=True)
class Full:
    """The organization has its part. `sharers`: about how many hold slots, itself included."""

    sharers: int


def reserve(runtime: Runtime, lane: Lane, organization_id: str, units: int, *, urgent: bool = False) -> Slot | Full:
    """The next slot that is free, for `units`. An urgent message never waits behind its own organization's others.

    Raises Retry when the race was lost every time: the caller comes again after a moment, not at once.
    """
    for _ in range(TRIES):
        now = runtime.clock.now()
        clock = runtime.store.find(LaneClock, lane.owner, lane.name)
        share = runtime.store.find(LaneShare, organization_id, lane.name)
        free = now if clock is None else max(now, clock.next_at)
        held = sum(_ahead(share, now).values()) * lane.gap
        if held and not urgent and held > HORIZON - (free - now):
            return Full(max(1, round((free - now) / held)))
        try:
            runtime.store.commit(
                _clock(clock, lane, now, free + units * lane.gap),
                _share(share, lane, organization_id, now, (free, units)),
            )
        except Conflict:
            continue
        return Slot(free)
    raise Retry("the lane is busy", seconds=2)


def _ahead(share: LaneShare | None, now: datetime) -> dict[str, int]:
    """The part of `held` that is not past."""
    this = int(now.timestamp())
    return {} if share is None else {second: units for second, units in share.held.items() if int(second) >= this}


def _clock(before: LaneClock | None, lane: Lane, now: datetime, next_at: datetime) -> Write:
    if before is None:
        return Create(
            LaneClock(organization_id=lane.owner, id=lane.name, created_at=now, updated_at=now, next_at=next_at)
        )
    return Change(before, before.changed(now, next_at=next_at))


def _share(
    before: LaneShare | None, lane: Lane, organization_id: str, now: datetime, taken: tuple[datetime, int]
) -> Write:
    slot, units = taken
    second = str(int(slot.timestamp()))
    held = _ahead(before, now)
    held[second] = held.get(second, 0) + units
    step = units * lane.gap // timedelta(microseconds=1)
    if before is None:
        return Create(
            LaneShare(
                organization_id=organization_id, id=lane.name, created_at=now, updated_at=now,
                held=held, turn_at=now, step_us=step,
            )
        )  # fmt: skip
    return Change(before, before.changed(now, held=held, step_us=step))
