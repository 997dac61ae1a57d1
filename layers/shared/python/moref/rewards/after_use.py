"""A credit or a code that was used, and whose cause was undone: what was used stays used, and the wish to take it back
stays on the reward, so that whatever a use gives back goes at once.

    all of it went            -> reversed like one that was never used (reverse.py), its approval with it
    the cause counts again    -> what went is the person's again, and the wish is forgotten
"""

from datetime import datetime
from typing import Any

from moref.events import Event
from moref.records import Change, Emit, Write, get
from moref.rewards import ledger
from moref.rewards.benefit_model import CreditAccount, DiscountCode, Lot
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.runtime import Runtime

RETURNS = frozenset({"service_credit", "discount_code"})  # of other kinds nothing comes back after a use


def wish(reason: str) -> dict[str, Any]:
    """The reward's fields that say so."""
    return {"reason": reason, "revoke_reason": reason}


def is_used(reward: Reward) -> bool:
    return reward.kind in RETURNS and reward.status == "redeemed"


def all_gone(reward: Reward) -> bool:
    return is_used(reward) and reward.revoke_reason is not None and reward.taken_back == reward.payable


def went(reward: Reward, amount: int, now: datetime) -> list[Write]:
    """`amount` of it came back from a use and went at once; its entry is the caller's. All gone, its cause is told."""
    after = reward.changed(now, taken_back=reward.taken_back + amount)
    writes: list[Write] = [Change(reward, after)]
    if all_gone(after) and reward.conversion_id is not None:
        writes.append(Emit(Event("reward.paid_in_vain", reward.organization_id, reward.conversion_id), now))
    return writes


def given_again(runtime: Runtime, reward: Reward) -> list[Write]:
    """The writes when its cause counts again; none when no wish stands. Raises NotFound."""
    if not is_used(reward) or reward.revoke_reason is None:
        return []
    now, forgotten = runtime.clock.now(), {"reason": None, "revoke_reason": None, "taken_back": 0}
    if not reward.taken_back:
        return moved(reward, now, **forgotten)
    back = moved(reward, now, status="issued", redeemed_at=None, **forgotten)
    return [*back, *(_credit if reward.kind == "service_credit" else _code)(runtime, reward, now)]


def _credit(runtime: Runtime, reward: Reward, now: datetime) -> list[Write]:
    account = get(runtime.store, CreditAccount, reward.organization_id, reward.account_id or "")
    lots = [*account.lots, Lot(reward_id=reward.id, left=reward.taken_back)]
    entry = ledger.book(reward, "credit_restored", now, amount=reward.taken_back, turn=str(reward.version))
    return [Change(account, account.changed(now, lots=lots)), entry]


def _code(runtime: Runtime, reward: Reward, now: datetime) -> list[Write]:
    """It was revoked whole. Should its day have come meanwhile, it is ended as any other (expire.py)."""
    code = get(runtime.store, DiscountCode, reward.organization_id, reward.code or "")
    entry = ledger.book(reward, "code_restored", now, amount=code.amount, turn=f"again-{reward.version}")
    return [Change(code, code.changed(now, status="active")), entry]
