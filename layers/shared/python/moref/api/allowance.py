"""How often the API may be called in a minute: by one caller, and by an organization's callers together.

An environment takes calls in blocks, one conditional write for many calls, and hands them out from memory. So the limit
is never exceeded; at worst it is reached a little early, by calls that an environment took and did not need.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from moref.api.tokens import Caller, SignedIn
from moref.kernel import ids
from moref.kernel.errors import Conflict, TooMany
from moref.records import Change, Create, Entity
from moref.runtime import Runtime
from moref.tenants.model import DEFAULT_CALLS, Organization

MINUTE = timedelta(minutes=1)
BLOCK = 20
TRIES = 5
PARTS = 5  # one caller has a fifth of the organization's calls, so that a loop of one leaves the others their screens


class CallMinute(Entity):
    """What was taken in one minute. Forgotten an hour later."""

    noun: ClassVar[str] = "call_minute"

    taken: dict[str, int] = Field(default_factory=dict)  # actor -> calls


@dataclass(frozen=True, slots=True)
class Left:
    """What a caller still has of this minute; `reset` in seconds."""

    limit: int
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 names them."""
        return {
            "ratelimit-policy": f'"minute";q={self.limit};w=60',
            "ratelimit": f'"minute";r={self.left};t={self.reset}',
        }


@dataclass(slots=True)
class _Kept:
    """Calls of one caller that this environment has taken and not handed out yet."""

    minute: datetime
    calls: int
    limit: int
    left: int  # of the minute, beyond these


kept: dict[tuple[str, str], _Kept] = {}
MOST_KEPT = 10_000


def take(runtime: Runtime, who: Caller | SignedIn) -> Left:
    """Counts one call. Raises TooMany with the seconds until the next minute."""
    now = runtime.clock.now()
    minute = now.replace(second=0, microsecond=0)
    reset = max(1, round((minute + MINUTE - now).total_seconds()))
    mine = kept.get((who.home, who.actor))
    if mine is None or mine.minute != minute or not mine.calls:
        mine = _block(runtime, who, minute, reset)
        if len(kept) >= MOST_KEPT:
            kept.clear()
        kept[who.home, who.actor] = mine
    mine.calls -= 1
    return Left(mine.limit, mine.left + mine.calls, reset)


def _block(runtime: Runtime, who: Caller | SignedIn, minute: datetime, reset: int) -> _Kept:
    together, limit = _limits(runtime, who)
    # People without an organization share nothing, so they have rows of their own.
    id = ids.derived("min", minute.isoformat(), "" if isinstance(who, Caller) else who.actor)
    for _ in range(TRIES):
        now = runtime.clock.now()
        row = runtime.store.find(CallMinute, who.home, id)
        taken = {} if row is None else dict(row.taken)
        mine = taken.get(who.actor, 0)
        left = min(limit - mine, together - sum(taken.values()))
        if left <= 0:
            raise TooMany(f"at most {limit} calls a minute", seconds=reset)
        block = min(BLOCK, left)
        taken[who.actor] = mine + block
        fresh = CallMinute(organization_id=who.home, id=id, created_at=now, updated_at=now, taken=taken)
        try:
            if row is None:
                runtime.store.commit(Create(fresh, expires_at=now + timedelta(hours=1)))
            else:
                runtime.store.commit(Change(row, row.changed(now, taken=taken)))
        except Conflict:
            continue
        return _Kept(minute, block, limit, left - block)
    raise TooMany("too many calls at the same moment", seconds=1)


def _limits(runtime: Runtime, who: Caller | SignedIn) -> tuple[int, int]:
    """Calls a minute of all together, and of this caller."""
    if isinstance(who, SignedIn):
        return DEFAULT_CALLS // PARTS, DEFAULT_CALLS // PARTS
    found = runtime.store.find(Organization, who.organization_id, who.organization_id)
    together = DEFAULT_CALLS if found is None else found.calls_per_minute
    return together, together // PARTS
