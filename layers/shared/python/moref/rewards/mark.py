"""Staff mark a reward by hand: what was handed over, used or redeemed where we could not see it. Audited, and never a
second payment.

    custom          pending -> issued -> redeemed     handed over; used
    gift_card       pending -> issued                 handed over another way, while no payout was begun
                    issued -> redeemed                the person has spent it; nothing is booked
    service_credit  issued -> redeemed                what was left was taken off by hand
    discount_code   issued -> redeemed                taken off by hand, at its whole worth
"""

from typing import Literal

from moref.books.payee_year import counted
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Write, get
from moref.rewards import ledger
from moref.rewards.audit import audit
from moref.rewards.benefit_model import CreditAccount, DiscountCode
from moref.rewards.kinds.base import issued
from moref.rewards.kinds.custom import done
from moref.rewards.model import Payout, Reward, payout_id
from moref.rewards.moves import moved
from moref.runtime import Runtime

Mark = Literal["issued", "redeemed"]
ALLOWED: dict[str, frozenset[tuple[str, str]]] = {
    "custom": frozenset({("pending", "issued"), ("issued", "redeemed")}),
    "gift_card": frozenset({("pending", "issued"), ("issued", "redeemed")}),
    "service_credit": frozenset({("issued", "redeemed")}),
    "discount_code": frozenset({("issued", "redeemed")}),
}


def mark(runtime: Runtime, organization_id: str, reward_id: str, status: Mark, *, actor: str, reason: str) -> Reward:
    """The reward so marked; marking it again changes nothing.

    Raises NotFound; BadInput without a reason; Conflict on what the table does not allow, a reward that may still be
    undone or has a payout, or one that changes in this moment.
    """
    if not reason.strip():
        raise BadInput("a mark needs a reason", field="reason")
    reward = get(runtime.store, Reward, organization_id, reward_id)
    if reward.status == status:
        return reward
    if (reward.status, status) not in ALLOWED[reward.kind]:
        raise Conflict(f"a {reward.kind} that is {reward.status} is not marked {status}")
    now = runtime.clock.now()
    writes = _handed_over(runtime, reward, actor) if status == "issued" else _used(runtime, reward)
    record = audit(now, organization_id, actor, f"reward.marked_{status}", reward.id, turn="", reason=reason)
    runtime.store.commit(*writes, record)
    return get(runtime.store, Reward, organization_id, reward_id)


def _handed_over(runtime: Runtime, reward: Reward, actor: str) -> list[Write]:
    now, org = runtime.clock.now(), reward.organization_id
    if reward.released_at is None:
        raise Conflict("the reward is not released yet: its approval may still be undone")
    if reward.revoke_reason is not None:
        raise Conflict(f"the reward is being taken back: {reward.revoke_reason}")
    if runtime.store.find(Payout, org, payout_id(org, reward.id)) is not None:
        raise Conflict("a payout was begun for it: cancel that one first")
    task = done(runtime, reward, actor) if reward.kind == "custom" else []
    paid = [ledger.book(reward, "handed_over", now), *counted(runtime.store, reward, now)]
    return [*issued(runtime, reward, now), *paid, *task]


def _used(runtime: Runtime, reward: Reward) -> list[Write]:
    now, org = runtime.clock.now(), reward.organization_id
    writes = moved(reward, now, status="redeemed", redeemed_at=now)
    if reward.kind == "service_credit" and reward.account_id is not None:
        account = get(runtime.store, CreditAccount, org, reward.account_id)
        left = sum(lot.left for lot in account.lots if lot.reward_id == reward.id)
        others = [lot for lot in account.lots if lot.reward_id != reward.id]
        writes += [
            Change(account, account.changed(now, lots=others)),
            ledger.book(reward, "credit_used", now, amount=left, turn="by_hand"),
        ]
    if reward.kind == "discount_code" and reward.code is not None:
        code = get(runtime.store, DiscountCode, org, reward.code)
        used = code.changed(now, status="redeemed", redeemed_amount=code.amount, redeemed_at=now, redeemed_by="staff")
        writes += [Change(code, used), ledger.book(reward, "code_redeemed", now)]
    return writes
