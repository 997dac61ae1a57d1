"""An organization's line before a lane: its messages that may not have a slot yet, each told when to come again.

A turn is no slot: it costs the lane nothing, and who comes at its turn asks for a slot then. Turns follow each other at
the lane's pace, so the line keeps its order, few come in vain, and nobody asks twice a second. Those who come while
several organizations fill the lane take another turn, at the pace of their part of it.
"""

from collections import deque
from datetime import datetime, timedelta

from moref.campaigns.windows import LEAST_ROOM, closes_at, next_allowed
from moref.kernel.errors import Conflict, Retry
from moref.messaging.model import Message
from moref.messaging.pace import LaneClock, LaneShare
from moref.records import Change
from moref.runtime import Runtime

IN_LINE = "waits for its turn"  # the reason of a message that has one
SOONEST = timedelta(seconds=2)  # the first turn; by then a part of what is held has been used
TRIES = 4
ANY_TIME = ("staff", "keyword")  # kinds that no window binds


class Turns:
    """`block` turns are fetched with one write while the line is long. They are kept in memory: a worker that ends
    loses them, which costs the line a second."""

    def __init__(self, block: int = 1) -> None:
        self._block = block
        self._kept: dict[tuple[str, str], deque[datetime]] = {}

    def is_line(self, runtime: Runtime, organization_id: str, lane: str, owner: str) -> bool:
        """Whether others of the organization wait already: a newcomer goes behind them. Not while the lane stands idle:
        then those who have turns are gone (cancelled, skipped), and nobody is to wait for them."""
        now = runtime.clock.now()
        if self._next_kept(organization_id, lane, now):
            return True
        share = runtime.store.find(LaneShare, organization_id, lane)
        if share is None or share.turn_at <= now:
            return False
        clock = runtime.store.find(LaneClock, owner, lane)
        return clock is not None and clock.next_at > now

    def take(
        self, runtime: Runtime, organization_id: str, lane: str, *, latest: datetime | None, sharers: int = 1
    ) -> datetime | None:
        """The next turn at the end of the line; None when that is after `latest`, and then the line stays as it is.

        Raises Retry when the race for it was lost every time.
        """
        if sharers == 1 and self._next_kept(organization_id, lane, runtime.clock.now()):
            return self._kept[organization_id, lane].popleft()
        for _ in range(TRIES):
            now = runtime.clock.now()
            share = runtime.store.find(LaneShare, organization_id, lane)
            if share is None:  # who has no share is in nobody's way
                return now
            step = timedelta(microseconds=share.step_us) * sharers
            first = max(share.turn_at, now + SOONEST)
            if latest is not None and first > latest:
                return None
            count = self._block if sharers == 1 and share.turn_at - now > step * self._block else 1
            try:
                runtime.store.commit(Change(share, share.changed(now, turn_at=first + step * count)))
            except Conflict:
                continue
            if count > 1:
                self._kept[organization_id, lane] = deque(first + step * place for place in range(1, count))
            return first
        raise Retry("the line is busy", seconds=2)

    def _next_kept(self, organization_id: str, lane: str, now: datetime) -> bool:
        kept = self._kept.get((organization_id, lane))
        while kept and kept[0] <= now:
            kept.popleft()
        if not kept:
            self._kept.pop((organization_id, lane), None)
        return bool(kept)


def latest_turn(message: Message, now: datetime) -> datetime | None:
    """The last moment of this window that leaves room for sending; None: any time will do, or it is not known here."""
    end = None if message.kind in ANY_TIME else closes_at(now, message.places)
    return None if end is None else end - LEAST_ROOM


def placed(message: Message, turn: datetime | None, now: datetime) -> Message:
    """The message with its turn; None is past the window, and then it waits for the next one."""
    if turn is not None:
        return message.changed(now, not_before=turn, reason=IN_LINE)
    end = closes_at(now, message.places) or now
    # Where no window ever opens the last look finds that out and says it.
    opening = next_allowed(end, message.places, message.id) or end
    return message.changed(now, not_before=opening, reason="outside the window")
