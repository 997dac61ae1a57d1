"""What an order at the provider makes of the payout, whoever brought the news: the answer, a look-up, a webhook."""

from datetime import datetime
from typing import Any

from moref.books.payee_year import counted
from moref.events import Event
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, Point, Write, get
from moref.rewards import ledger
from moref.rewards.funding import went_through
from moref.rewards.model import Payout, Reward
from moref.rewards.outcomes import TRIES, move
from moref.rewards.ports import ProviderOrder
from moref.runtime import Runtime

EXECUTED = "EXECUTED"
DEAD = frozenset({"FAILED", "CANCELED"})
UNDELIVERABLE = "undeliverable"


def settle(runtime: Runtime, organization_id: str, payout_id: str, order: ProviderOrder) -> Payout:
    """Repeats and late or older news change nothing. Raises NotFound; Conflict after losing five races.

    An order in any state but EXECUTED, also one never seen before, is stored with its id and never ordered again.
    """
    for _ in range(TRIES):
        payout = get(runtime.store, Payout, organization_id, payout_id)
        reward = get(runtime.store, Reward, organization_id, payout.reward_id)
        now = runtime.clock.now()
        fields = _decide(payout, reward, order, now)
        if all(getattr(payout, name) == value for name, value in fields.items()):
            return payout
        accepted = fields.get("accepted_at") is not None and payout.accepted_at is None
        try:
            after = move(runtime, payout, *_others(runtime, payout, reward, order, accepted), **fields)
        except Conflict:
            continue
        _measure(runtime, payout, after, reward, accepted)
        if accepted:
            went_through(runtime, organization_id, payout.vendor_account_id)
        return after
    raise Conflict("the payout is being changed by others")


def differs(payout: Payout, order: ProviderOrder) -> str | None:
    """Where the order is not what was frozen. A field the reply leaves out says nothing, except on an executed order,
    whose amount must be there to be believed."""
    checks: list[tuple[str, Any, Any]] = [
        ("external id", payout.id, order.external_id),
        ("amount", payout.amount, order.amount),
        ("currency", payout.currency, order.currency),
    ]
    known = (order.external_id, order.amount, order.currency)
    if order.status == EXECUTED and None in known:
        return "executed, but without amount or our id"
    different = [name for name, ours, theirs in checks if theirs is not None and ours != theirs]
    if not _recipient_fits(payout, order):
        different.append("recipient")
    if payout.order_id not in (None, order.id):
        different.append("order id")
    return ", ".join(different) or None


def _recipient_fits(payout: Payout, order: ProviderOrder) -> bool:
    """The frozen address, or the one that was confirmed after it failed."""
    emails = {_plain(payout.recipient_email), _plain(payout.redirected_email)}
    phones = {_digits(payout.recipient_phone), _digits(payout.redirected_phone)}
    email, phone = _plain(order.recipient_email), _digits(order.recipient_phone)
    return (email is None or email in emails) and (phone is None or phone in phones)


def _decide(payout: Payout, reward: Reward, order: ProviderOrder, now: datetime) -> dict[str, Any]:
    if payout.status in ("cancelled", "failed") and order.status in DEAD:
        return {"status": payout.status}  # both have ended it
    wrong = _wrong(payout, reward, order)
    if wrong is not None:
        return _alarm(wrong, order)
    return _executed(payout, order, now) if order.status == EXECUTED else _pending(payout, order)


def _wrong(payout: Payout, reward: Reward, order: ProviderOrder) -> str | None:
    """Why the order is for people to look at."""
    if payout.accepted_at is None and reward.status != "pending":
        # However often it is told: our books are closed on it. The month's statement lists what was paid.
        return "the provider has an order although the payout was ended"
    if payout.first_submitted_at is None:
        return "the provider has an order we never asked for"
    difference = differs(payout, order)
    if difference is not None:
        return f"the provider's order differs: {difference}"
    return f"the provider's order is {order.status}" if order.status in DEAD else None


def _alarm(reason: str, order: ProviderOrder) -> dict[str, Any]:
    return {
        "status": "needs_person",
        "reason": reason,
        "order_id": order.id,
        "provider_status": order.status,
        "next_attempt_at": None,
    }


def _pending(payout: Payout, order: ProviderOrder) -> dict[str, Any]:
    if payout.accepted_at is not None:
        return {"status": payout.status}  # older news than what we know
    waits = payout.status == "needs_person" and payout.order_id is not None
    return {
        "status": "needs_person" if waits else "submitted",
        "reason": payout.reason if waits else f"the provider says {order.status}"[:300],
        "order_id": order.id,
        "provider_status": order.status,
        "next_attempt_at": None,
    }


def _executed(payout: Payout, order: ProviderOrder, now: datetime) -> dict[str, Any]:
    common = {
        "order_id": order.id,
        "provider_reward_id": order.reward_id or payout.provider_reward_id,
        "provider_status": order.status,
        "accepted_at": payout.accepted_at or now,
        "next_attempt_at": None,
    }
    if order.delivery_status == "SUCCEEDED" or payout.status == "delivered":
        return common | {"status": "delivered", "reason": None, "delivered_at": payout.delivered_at or now}
    if order.delivery_status == "FAILED" and payout.redirect_pending:
        return common | {"status": payout.status, "reason": payout.reason}  # known; it is about to be sent elsewhere
    if order.delivery_status == "FAILED":
        return common | {"status": "needs_person", "reason": UNDELIVERABLE}
    if payout.status == "needs_person" and payout.accepted_at is not None:
        return common | {"status": payout.status, "reason": payout.reason}  # a delivery that failed is not yet mended
    return common | {"status": "accepted", "reason": None}


def _others(runtime: Runtime, payout: Payout, reward: Reward, order: ProviderOrder, accepted: bool) -> list[Write]:
    now = runtime.clock.now()
    writes: list[Write] = []
    if payout.order_id != order.id:
        writes.append(Point(payout.organization_id, "order", order.id, payout.id))
    if accepted:
        issued = reward.changed(now, status="issued", issued_at=now, reason=None)
        writes += [Change(reward, issued), ledger.book(reward, "accepted", now), *counted(runtime.store, reward, now)]
        if reward.revoke_reason is not None and reward.conversion_id is not None:
            writes.append(Emit(Event("reward.paid_in_vain", reward.organization_id, reward.conversion_id), now))
    return writes


def _measure(runtime: Runtime, before: Payout, after: Payout, reward: Reward, accepted: bool) -> None:
    if accepted:
        runtime.metrics.count("payout_accepted")
        for name, since in (
            ("time_to_payout_seconds", reward.released_at or reward.approved_at),
            ("approval_to_payout_seconds", reward.approved_at),
        ):
            runtime.metrics.count(name, int((after.updated_at - since).total_seconds()))
    if after.status == "needs_person" != before.status:
        runtime.metrics.count("payout_needs_person")


def _plain(text: str | None) -> str | None:
    return text.strip().lower() if text else None


def _digits(text: str | None) -> str | None:
    return "".join(character for character in text if character.isdigit()) if text else None
