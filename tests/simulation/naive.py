"""What a hurried engineer writes first: call, then record, a fresh key for each try. The machine must catch it."""

from typing import Any

from moref.kernel.errors import Failure
from moref.records import Change, get
from moref.rewards import ledger
from moref.rewards.model import Reward
from moref.rewards.start_payout import start_payout
from moref.runtime import Runtime
from tests.simulation.provider import FakeProvider


def naive_work(runtime: Runtime, message: dict[str, Any], provider: FakeProvider) -> None:
    org = message["organization_id"]
    reward = get(runtime.store, Reward, org, message.get("reward_id") or message["subject"])
    payout = start_payout(runtime, org, reward.id)
    if payout is None or payout.status == "accepted":
        return
    try:
        order = provider.order(payout.model_copy(update={"id": f"{payout.id}-{runtime.clock.now().timestamp()}"}))
    except Failure:
        runtime.queues.send("payouts", message, delay_seconds=60)
        return
    now = runtime.clock.now()
    paid: dict[str, Any] = {"status": "accepted", "order_id": order.id, "accepted_at": now, "first_submitted_at": now}
    runtime.store.commit(
        Change(payout, payout.changed(now, **paid)),
        Change(reward, reward.changed(now, status="issued")),
        ledger.book(reward, "submitted", now),
        ledger.book(reward, "accepted", now),
    )


def keyed_work(runtime: Runtime, message: dict[str, Any], provider: FakeProvider) -> None:
    """Better, and still wrong: one key, but the amount is taken from the reward at each try and a lost answer is a
    failure that pays back."""
    org = message["organization_id"]
    reward = get(runtime.store, Reward, org, message.get("reward_id") or message["subject"])
    payout = start_payout(runtime, org, reward.id)
    if payout is None or payout.status in ("accepted", "failed"):
        return
    now = runtime.clock.now()
    try:
        order = provider.order(payout)
    except Failure:
        runtime.store.commit(Change(payout, payout.changed(now, status="failed", first_submitted_at=now)))
        return
    done: dict[str, Any] = {"status": "accepted", "order_id": order.id, "accepted_at": now, "first_submitted_at": now}
    runtime.store.commit(
        Change(payout, payout.changed(now, **done)),
        Change(reward, reward.changed(now, status="issued")),
        ledger.book(reward, "submitted", now),
        ledger.book(reward, "accepted", now),
    )
