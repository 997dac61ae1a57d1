"""Takes back a reward that was not paid: nothing was asked of the provider, or it certainly did nothing."""

from datetime import datetime
from typing import Any

from moref.budgets import room
from moref.conversions.model import Conversion
from moref.events import Event
from moref.kernel.errors import Conflict
from moref.programs import standing
from moref.records import Change, Emit, Write, get
from moref.referrals.model import Advocate
from moref.rewards import ledger
from moref.rewards.audit import audit
from moref.rewards.model import Payout, Reward
from moref.rewards.outcomes import TRIES, closing
from moref.rewards.start_payout import payout_id
from moref.runtime import Runtime

_UNPAID = frozenset({"intent", "retry_wait"})


def reverse(runtime: Runtime, organization_id: str, reward_id: str, reason: str) -> bool:
    """True when nothing is paid: the reward is reversed (now or before), or failed by staff. False: it is, or may be.

    While the provider's answer is open the wish is kept on the reward: should the answer be no, the payout's next turn
    reverses it. Once accepted it stays; a wrong attribution by the company is the company's loss (rules.md, Money).
    Raises NotFound; Conflict after losing five races.
    """
    for _ in range(TRIES):
        reward = get(runtime.store, Reward, organization_id, reward_id)
        if reward.status != "pending":
            return reward.status in ("reversed", "failed")
        payout = runtime.store.find(Payout, organization_id, payout_id(organization_id, reward_id))
        open_answer = payout is not None and payout.status not in _UNPAID
        if open_answer and reward.revoke_reason is not None:
            return False
        try:
            if open_answer:
                now = runtime.clock.now()
                runtime.store.commit(Change(reward, reward.changed(now, revoke_reason=reason)))
            else:
                runtime.store.commit(*reversal(runtime, reward, payout, reason))
        except Conflict:
            continue
        return not open_answer
    raise Conflict("the reward is being changed by others")


def keep(runtime: Runtime, organization_id: str, reward_id: str) -> None:
    """Forgets the wish to reverse: the job counts again. Raises Conflict when the reward is changed meanwhile."""
    reward = get(runtime.store, Reward, organization_id, reward_id)
    if reward.revoke_reason is not None and reward.status == "pending":
        runtime.store.commit(Change(reward, reward.changed(runtime.clock.now(), revoke_reason=None)))


def taken_back(runtime: Runtime, conversion: Conversion, now: datetime) -> list[Write]:
    """The writes that give back what an approval took: the advocate's ordinals, which are earned again by the next
    approval (of the same period), the counts its caps go by, and the budgets. What later ones earned stays."""
    org = conversion.organization_id
    advocate = get(runtime.store, Advocate, org, conversion.advocate_id)
    freed = [*advocate.freed_ordinals, *([conversion.ordinal] if conversion.ordinal else [])]
    fewer = advocate.changed(now, approved=advocate.approved - 1, freed_ordinals=sorted(freed))
    taken = conversion.taken
    if taken is None:
        return [Change(advocate, fewer)]
    standings = standing.giving_back(
        runtime.store, org, taken.standings, taken.amount, now,
        currency=taken.currency, counted=conversion.period, ordinal=conversion.period_ordinal,
    )  # fmt: skip
    return [Change(advocate, fewer), *standings, *room.giving_back(runtime.store, org, taken.spends, taken.amount, now)]


# What of a conversion ends with its approval.
UNTAKEN: dict[str, Any] = {
    "ordinal": None, "period": None, "period_ordinal": None, "taken": None, "reward_id": None, "votes": [],
}  # fmt: skip


def withdrawal(runtime: Runtime, conversion: Conversion, reason: str) -> list[Write]:
    """The writes that take back an approval: the conversion, and what the approval took."""
    now = runtime.clock.now()
    withdrawn = conversion.changed(
        now, **UNTAKEN, status="withdrawn", reason=reason, round=conversion.round + 1, waiting_since=None, escalated=0
    )
    data = {"status": "withdrawn", "previous_status": conversion.status}
    event = Event("conversion.changed", conversion.organization_id, conversion.id, data)
    return [Change(conversion, withdrawn), *taken_back(runtime, conversion, now), Emit(event, now)]


def reversal(runtime: Runtime, reward: Reward, payout: Payout | None, reason: str) -> list[Write]:
    """The writes that take back a pending reward, its conversion's approval, and the payout nothing was paid by."""
    now, org = runtime.clock.now(), reward.organization_id
    conversion = get(runtime.store, Conversion, org, reward.conversion_id)
    writes: list[Write] = [
        Change(reward, reward.changed(now, status="reversed", reason=reason, revoke_reason=None)),
        ledger.book(reward, "reversed", now),
        *withdrawal(runtime, conversion, reason),
        Emit(Event("reward.reversed", org, reward.id, {"payout_id": payout.id if payout else None}), now),
        audit(now, org, "policy", "reward.reversed", reward.id, turn="", reason=reason),
    ]
    if payout is not None:
        data = {"status": "cancelled", "previous_status": payout.status, "reward_id": reward.id}
        cancelled = payout.changed(now, status="cancelled", reason=reason, next_attempt_at=None)
        writes += [Change(payout, cancelled), Emit(Event("payout.changed", org, payout.id, data), now)]
        if payout.first_submitted_at is not None:
            writes.append(ledger.book(reward, "returned", now))
    return writes + closing(runtime, payout_id(org, reward.id), now)
