"""Staff end a payout that needs a person, once the provider has said that nothing was or will be paid under our id."""

from moref.budgets import room
from moref.conversions.model import Conversion
from moref.kernel.errors import BadInput, Conflict, Failure
from moref.records import Change, Write, get
from moref.rewards import debts, goodwill_back, ledger
from moref.rewards.advance import SURE
from moref.rewards.audit import audit
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout, Reward
from moref.rewards.outcomes import TRIES, move
from moref.rewards.ports import Connect
from moref.rewards.reverse import reversal
from moref.rewards.settle import DEAD, settle
from moref.runtime import Runtime


def cancel(
    runtime: Runtime,
    organization_id: str,
    payout_id: str,
    *,
    actor: str,
    reason: str,
    connect: Connect = connect_account,
) -> Payout:
    """The cancelled payout; cancelling it again changes nothing. Its reward is failed and its books are turned back.

    The conversion stays approved with the reason, and keeps its ordinal: no policy pays it again by itself. When the
    job was undone meanwhile, reward and conversion go the way of any reversal. Raises NotFound; BadInput without a
    reason; Conflict when the payout is not with a person, an order stands, nobody can say, or races were lost.
    """
    if not reason.strip():
        raise BadInput("a cancellation needs a reason", field="reason")
    for _ in range(TRIES):
        payout = get(runtime.store, Payout, organization_id, payout_id)
        if payout.status == "cancelled":
            return payout
        _check(runtime, payout)
        payout = _ask(runtime, payout, connect)
        try:
            return _end(runtime, payout, actor, reason)
        except Conflict:
            continue  # news of it came between the question and the commit: decide again
    raise Conflict("the payout is being changed by others")


def _check(runtime: Runtime, payout: Payout) -> None:
    if payout.status != "needs_person":
        raise Conflict(f"the payout is {payout.status}: only one that needs a person is cancelled")
    if payout.accepted_at is not None:
        raise Conflict("the provider was paid for it: it cannot be taken back here")
    if payout.submitted_at is not None and runtime.clock.now() < payout.submitted_at + SURE:
        raise Conflict("the provider was asked to pay this very minute: try again in a minute")


def _ask(runtime: Runtime, payout: Payout, connect: Connect) -> Payout:
    """Returns only when the provider surely pays nothing. An order that stands there is written down before."""
    try:
        order = connect(runtime, payout.organization_id, payout.provider).find(payout.id)
    except Failure as failure:
        raise Conflict(f"the provider did not say whether it has an order: {failure.detail}") from None
    if order is None:
        if payout.order_id is not None:
            raise Conflict(f"the provider does not find order {payout.order_id} under our id: look there first")
        return payout
    payout = settle(runtime, payout.organization_id, payout.id, order)
    if order.status not in DEAD:
        raise Conflict(f"the provider has order {order.id} ({order.status}): cancel it there first")
    return payout


def _end(runtime: Runtime, payout: Payout, actor: str, reason: str) -> Payout:
    store, org, now = runtime.store, payout.organization_id, runtime.clock.now()
    reward = get(store, Reward, org, payout.reward_id)
    record = audit(now, org, actor, "payout.cancelled", payout.id, turn=str(payout.version), reason=reason)
    if reward.status == "pending" and reward.revoke_reason is not None:
        store.commit(*reversal(runtime, reward, payout, reason), record)
        return get(store, Payout, org, payout.id)
    # A reward that ended before: its order came after all, and was cancelled there.
    others = _failed(runtime, payout, reward, reason) if reward.status == "pending" else []
    return move(runtime, payout, record, *others, status="cancelled", reason=reason[:300], next_attempt_at=None)


def _failed(runtime: Runtime, payout: Payout, reward: Reward, reason: str) -> list[Write]:
    now, org = runtime.clock.now(), reward.organization_id
    words = f"payout cancelled: {reason}"
    if reward.goodwill_id is not None:
        cause = goodwill_back.withdrawn(runtime, reward, words, now)
    else:
        conversion = get(runtime.store, Conversion, org, str(reward.conversion_id))
        cause = _unspent(runtime, conversion, reward, words[:500])
    writes: list[Write] = [
        Change(reward, reward.changed(now, status="failed", reason=reason[:300])),
        *cause,
        ledger.book(reward, "reversed", now),
        *debts.put_back(runtime, reward, now),
    ]
    if payout.first_submitted_at is not None:
        writes.append(ledger.book(reward, "returned", now))
    return writes


def _unspent(runtime: Runtime, conversion: Conversion, reward: Reward, words: str) -> list[Write]:
    """The budgets get their money back; the advocate's count and what their caps go by stay, as the ordinal does."""
    now, friends = runtime.clock.now(), reward.who == "friend"
    taken = conversion.friend_taken if friends else conversion.taken
    none = taken.model_copy(update={"spends": []}) if taken else None
    fields = {"friend_taken": none} if friends else {"taken": none}
    change = Change(conversion, conversion.changed(now, reason=words, **fields))
    if taken is None:
        return [change]
    store, org = runtime.store, conversion.organization_id
    return [change, *room.giving_back(store, org, taken.spends, taken.amount, now, approvals=0 if friends else 1)]
