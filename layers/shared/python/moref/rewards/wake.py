"""When a payout is looked at again: an EventBridge schedule for waits, a queue delay for the few seconds of a slot."""

import math
from datetime import datetime, timedelta
from hashlib import sha256

from moref.kernel.clock import iso
from moref.kernel.names import PAYOUTS
from moref.rewards.model import Payout
from moref.runtime import Runtime

GIVE_UP = timedelta(hours=48)  # then a person decides
STOPPED = timedelta(minutes=15)  # between looks at a stop switch
_FIRST = 75  # seconds; a schedule under a minute away may be sent at once, which would be early
_LONGEST = 2 * 3600


def backoff(payout: Payout, now: datetime, at_least: int = 0) -> datetime:
    """The next try after `payout.attempts`: doubled each time up to two hours, and up to half as much again.

    The jitter comes from the payout and attempt, so that a repeated decision is the same. Whole seconds, rounded up:
    schedules have no finer ones and must not fire early.
    """
    base = max(min(_FIRST * 2 ** min(max(payout.attempts - 1, 0), 12), _LONGEST), at_least)
    share = int.from_bytes(sha256(f"{payout.id}.{payout.attempts}".encode()).digest()[:2], "big")
    return whole(now + timedelta(seconds=base + base * share // 131072))


def gives_up_at(payout: Payout) -> datetime | None:
    """48 hours after the first submission, or after staff let it be tried again; None before either."""
    since = payout.retried_at or payout.first_submitted_at
    return None if since is None else since + GIVE_UP


def whole(instant: datetime) -> datetime:
    """The instant itself, or the next full second."""
    return instant if not instant.microsecond else instant.replace(microsecond=0) + timedelta(seconds=1)


def message(organization_id: str, payout_id: str, reward_id: str) -> dict[str, str]:
    return {"command": "pay", "organization_id": organization_id, "payout_id": payout_id, "reward_id": reward_id}


def wake(runtime: Runtime, payout: Payout) -> None:
    """Schedules the payout's next look. After the commit: when this is lost, the reconcile job looks instead.

    The name holds the row's version, so each wait has its own schedule and a repeat meets the first.
    """
    if payout.next_attempt_at is None:
        return
    work = message(payout.organization_id, payout.id, payout.reward_id)
    runtime.scheduler.at(f"{payout.id}-{payout.version}", payout.next_attempt_at, PAYOUTS, work)


def wait_for_slot(runtime: Runtime, payout: Payout, slot: datetime) -> None:
    """Comes back when a reserved slot is due; the message carries it so that it is not reserved twice."""
    work = message(payout.organization_id, payout.id, payout.reward_id) | {"slot": iso(slot)}
    seconds = math.ceil((slot - runtime.clock.now()).total_seconds())
    if seconds <= 900:
        runtime.queues.send(PAYOUTS, work, delay_seconds=max(seconds, 0))
    else:
        runtime.scheduler.at(f"{payout.id}-{payout.version}-slot", whole(slot), PAYOUTS, work)
