"""The moves of a payout, each one commit: the new state, its ledger entry, its event, and its place on the open list.

    intent ------------> submitted -> accepted -> delivered
       \\                /  ^   |  \\
        `> retry_wait <-'   |   `-> unknown -> (found: as the order says; surely absent: retry_wait, the same id again)
                `-----------'
    needs_person from anywhere, left by news of its order or by staff (retry.py, cancel.py)
    cancelled only while nothing was paid (reverse.py, cancel.py)

A move that lost a race decides again on the row as it is now, and does nothing when that row has moved on.
"""

from datetime import datetime
from typing import Any

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Emit, Require, Write, get
from moref.rewards import ledger
from moref.rewards.model import OpenPayout, Payout, PayoutStatus, Reward
from moref.rewards.wake import backoff, gives_up_at, wake
from moref.runtime import Runtime

TRIES = 5
GIVEN_UP = "given up after 48 hours: "  # and the reason of the last attempt
CLOSED: frozenset[PayoutStatus] = frozenset({"delivered", "failed", "cancelled"})


def move(runtime: Runtime, before: Payout, *others: Write, **fields: Any) -> Payout:
    """Commits one step. Raises Conflict when the payout, or what `others` require, is not as read."""
    now = runtime.clock.now()
    after = before.changed(now, **fields)
    writes: list[Write] = [Change(before, after), *others]
    if after.status != before.status:
        data = {"status": after.status, "previous_status": before.status, "reward_id": before.reward_id}
        writes.append(Emit(Event("payout.changed", before.organization_id, before.id, data), now))
    if after.status in CLOSED:
        writes += closing(runtime, before.id, now)
    runtime.store.commit(*writes)
    return after.model_copy(update={"version": before.version + 1})


def closing(runtime: Runtime, payout_id: str, now: datetime) -> list[Write]:
    """Takes a payout off the open list."""
    listed = runtime.store.find(OpenPayout, GLOBAL, payout_id)
    return [] if listed is None or listed.status == "closed" else [Change(listed, listed.changed(now, status="closed"))]


def claim(runtime: Runtime, payout: Payout, reward: Reward) -> Payout:
    """The one writer that may ask the provider now. Raises Conflict when it is another, or the reward was touched."""
    now = runtime.clock.now()
    first = payout.first_submitted_at is None
    return move(
        runtime,
        payout,
        Require(reward),
        *([ledger.book(reward, "submitted", now)] if first else []),
        status="submitted",
        attempts=payout.attempts + 1,
        submitted_at=now,
        first_submitted_at=now if first else payout.first_submitted_at,
        next_attempt_at=None,
        reason=None,
    )


def wait(runtime: Runtime, payout: Payout, reason: str, *, until: datetime | None = None, seconds: int = 0) -> None:
    """Nothing happened at the provider: try again later, for 48 hours."""
    now = runtime.clock.now()
    due = until or backoff(payout, now, seconds)
    end = gives_up_at(payout)
    if end is not None and due > end:
        needs_person(runtime, payout, GIVEN_UP + reason)
        return
    after = _still(runtime, payout, status="retry_wait", reason=reason, next_attempt_at=due)
    if after is not None:
        wake(runtime, after)


def unknown(runtime: Runtime, payout: Payout, reason: str) -> None:
    """It may have been paid: only the provider can tell. Also used to go on waiting for its answer."""
    due = backoff(payout, runtime.clock.now())
    after = _still(runtime, payout, status="unknown", reason=reason, next_attempt_at=due)
    if after is not None:
        runtime.metrics.count("payout_unknown")
        wake(runtime, after)


def needs_person(runtime: Runtime, payout: Payout, reason: str, **fields: Any) -> None:
    """Alarms by metric; the reason is for staff. Never ordered again by itself."""
    after = _still(runtime, payout, status="needs_person", reason=reason[:300], next_attempt_at=None, **fields)
    if after is not None and after.status != payout.status:
        runtime.metrics.count("payout_needs_person")


def _still(runtime: Runtime, payout: Payout, **fields: Any) -> Payout | None:
    """Moves the payout if it is still in the attempt that was read; None when somebody has settled it meanwhile."""
    for _ in range(TRIES):
        try:
            return move(runtime, payout, **fields)
        except Conflict:
            fresh = get(runtime.store, Payout, payout.organization_id, payout.id)
            if (fresh.status, fresh.attempts, fresh.order_id) != (payout.status, payout.attempts, payout.order_id):
                return None
            payout = fresh
    raise Conflict("the payout is being changed by others")
