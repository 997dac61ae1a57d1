"""Takes back a reward that was not paid: nothing was asked of the provider, or it certainly did nothing."""

from datetime import datetime
from typing import Any

from moref.budgets import room
from moref.conversions.model import Conversion
from moref.events import Event
from moref.kernel import plugins
from moref.kernel.errors import Conflict
from moref.programs import standing
from moref.programs.tiers import given_back
from moref.records import Change, Emit, Write, get
from moref.referrals.advocates import credited
from moref.referrals.model import Advocate
from moref.rewards import debts, goodwill_back, ledger
from moref.rewards.after_use import all_gone, given_again, is_used, wish
from moref.rewards.audit import audit
from moref.rewards.model import Payout, Reward, payout_id
from moref.rewards.moves import moved
from moref.rewards.outcomes import TRIES, closing
from moref.runtime import Runtime

KINDS = "moref.rewards.kinds"
_UNPAID = frozenset({"intent", "retry_wait"})
GONE = frozenset({"reversed", "failed", "expired"})


def reverse(runtime: Runtime, organization_id: str, reward_id: str, reason: str) -> bool:
    """True when nothing is paid: the reward is reversed (now or before), or failed by staff. False: it is, or may be.

    While the provider's answer is open the wish is kept on the reward: should the answer be no, the payout's next turn
    reverses it. Once accepted it stays; a wrong attribution by the company is the company's loss (rules.md, Money).
    Of a credit or a code that was used the wish is kept likewise (after_use.py).
    Raises NotFound; Conflict after losing five races.
    """
    for _ in range(TRIES):
        reward = get(runtime.store, Reward, organization_id, reward_id)
        if _is_given(reward) or is_used(reward):
            try:
                return (_used if is_used(reward) else _given)(runtime, reward, reason)
            except Conflict:
                continue
        if reward.status != "pending":
            return reward.status in GONE
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


def _is_given(reward: Reward) -> bool:
    all_kept = reward.payable == 0 and reward.status == "issued"  # for a debt: nothing was paid of it
    return all_kept or (reward.kind != "gift_card" and reward.status in ("pending", "issued"))


def _given(runtime: Runtime, reward: Reward, reason: str) -> bool:
    """A credit, a code, something staff hand over: taken back as far as it was not used."""
    now = runtime.clock.now()
    if reward.frozen_at is None:
        runtime.store.commit(*reversal(runtime, reward, None, reason))
        return True
    if reward.payable:
        found = plugins.load(KINDS, reward.kind).take_back(runtime, reward, reason)
    else:
        found = [Change(reward, reward.changed(now, status="reversed", reason=reason))], True
    if found is None:
        return False
    writes, whole = found
    others = [*_restored(runtime, reward, now), *after_reversal(runtime, reward, None, reason)] if whole else []
    runtime.store.commit(*writes, *others)
    return bool(whole)


def _used(runtime: Runtime, reward: Reward, reason: str) -> bool:
    """Reversed when all of it came back and went; else the wish is kept."""
    now = runtime.clock.now()
    if all_gone(reward):
        back = moved(reward, now, status="reversed", reason=reason, revoke_reason=None)
        others = [*_restored(runtime, reward, now), *after_reversal(runtime, reward, None, reason)]
        runtime.store.commit(*back, *others)
        return True
    if reward.revoke_reason is None:
        runtime.store.commit(Change(reward, reward.changed(now, **wish(reason))))
    return False


def _restored(runtime: Runtime, reward: Reward, now: datetime) -> list[Write]:
    """What was kept of it for a debt is owed again."""
    back = debts.put_back(runtime, reward, now)
    return [*back, ledger.book(reward, "reversed", now, amount=reward.withheld)] if back else []


def keep(runtime: Runtime, organization_id: str, reward_id: str) -> None:
    """Forgets the wish to reverse: the job counts again. What went of a credit or a code that was used is given again.
    Raises Conflict when the reward is changed meanwhile."""
    reward = get(runtime.store, Reward, organization_id, reward_id)
    if again := given_again(runtime, reward):
        runtime.store.commit(*again)
        return
    if reward.revoke_reason is not None and reward.status == "pending":
        runtime.store.commit(Change(reward, reward.changed(runtime.clock.now(), revoke_reason=None)))


def taken_back(runtime: Runtime, conversion: Conversion, now: datetime, *, also: int = 0) -> list[Write]:
    """The writes that give back what an approval took: the advocate's ordinals, which are earned again by the next
    approval (of the same period), the counts its caps go by, and the budgets. What later ones earned stays.
    `also`: of the budgets, the friend's part, when it goes in the same commit."""
    org = conversion.organization_id
    own = conversion.advocate_id
    advocate = credited(runtime.store, org, own) or get(runtime.store, Advocate, org, own)
    approved, freed = given_back(advocate.approved, advocate.freed_ordinals, conversion.ordinal)
    fewer = advocate.changed(now, approved=approved, freed_ordinals=freed)
    taken = conversion.taken
    if taken is None:
        return [Change(advocate, fewer)]
    standings = standing.giving_back(
        runtime.store, org, taken.standings, taken.amount, now,
        currency=taken.currency, counted=conversion.period, ordinal=conversion.period_ordinal,
    )  # fmt: skip
    spent = room.giving_back(runtime.store, org, taken.spends, taken.amount + also, now)
    return [Change(advocate, fewer), *standings, *spent]


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
    writes: list[Write] = [
        Change(reward, reward.changed(now, status="reversed", reason=reason, revoke_reason=None)),
        ledger.book(reward, "reversed", now),
        *debts.put_back(runtime, reward, now),
        *after_reversal(runtime, reward, payout, reason),
    ]
    if payout is not None:
        data = {"status": "cancelled", "previous_status": payout.status, "reward_id": reward.id}
        cancelled = payout.changed(now, status="cancelled", reason=reason, next_attempt_at=None)
        writes += [Change(payout, cancelled), Emit(Event("payout.changed", org, payout.id, data), now)]
        if payout.first_submitted_at is not None:
            writes.append(ledger.book(reward, "returned", now))
    return writes + closing(runtime, payout_id(org, reward.id), now)


def after_reversal(runtime: Runtime, reward: Reward, payout: Payout | None, reason: str) -> list[Write]:
    """The cause's part in it: the advocate's reward withdraws its conversion, the friend's leaves it as it is."""
    now, org = runtime.clock.now(), reward.organization_id
    told = Event("reward.reversed", org, reward.id, {"payout_id": payout.id if payout else None})
    return [
        *_cause(runtime, reward, reason),
        Emit(told, now),
        audit(now, org, "policy", "reward.reversed", reward.id, turn="", reason=reason),
    ]


def _cause(runtime: Runtime, reward: Reward, reason: str) -> list[Write]:
    now = runtime.clock.now()
    if reward.goodwill_id is not None:
        return goodwill_back.withdrawn(runtime, reward, reason, now)
    conversion = get(runtime.store, Conversion, reward.organization_id, str(reward.conversion_id))
    return friendless(runtime, conversion, now) if reward.who == "friend" else withdrawal(runtime, conversion, reason)


def friendless(runtime: Runtime, conversion: Conversion, now: datetime) -> list[Write]:
    """The friend's reward is gone: a later approval may give another, and the budgets get its money back."""
    taken, after = conversion.friend_taken, conversion.changed(now, friend_reward_id=None, friend_taken=None)
    spends = taken.spends if taken else []
    back = room.giving_back(
        runtime.store, conversion.organization_id, spends, taken.amount if taken else 0, now, approvals=0
    )
    return [Change(conversion, after), *back]
