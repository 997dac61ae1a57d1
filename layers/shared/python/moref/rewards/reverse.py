"""Takes back a reward that was not paid: nothing was asked of the provider, or it certainly did nothing."""

from moref.conversions.model import Conversion
from moref.events import Event
from moref.kernel.errors import Conflict
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


def withdrawal(runtime: Runtime, conversion: Conversion, reason: str) -> list[Write]:
    """The writes that take back an approval: the conversion, and the advocate's ordinal, which is earned again."""
    now = runtime.clock.now()
    advocate = get(runtime.store, Advocate, conversion.organization_id, conversion.advocate_id)
    freed = [*advocate.freed_ordinals, *([conversion.ordinal] if conversion.ordinal else [])]
    fewer = advocate.changed(now, approved=advocate.approved - 1, freed_ordinals=sorted(freed))
    withdrawn = conversion.changed(
        now, status="withdrawn", reason=reason, ordinal=None, reward_id=None, round=conversion.round + 1
    )
    data = {"status": "withdrawn", "previous_status": conversion.status}
    event = Event("conversion.changed", conversion.organization_id, conversion.id, data)
    return [Change(conversion, withdrawn), Change(advocate, fewer), Emit(event, now)]


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
