"""What must hold after every step, derived from the rows and the provider's own books, not from the code under test."""

from collections import Counter

from moref.budgets.model import Budget, Spend
from moref.conversions.model import Conversion
from moref.programs.model import Standing
from moref.programs.tiers import amount
from moref.records import get
from moref.referrals.model import Advocate
from moref.rewards import ledger
from moref.rewards.model import Entry, Payout, Reward
from tests.fakes.runtime import FakeMetrics
from tests.simulation.world import ORG, World

FROZEN = (
    "amount", "currency", "recipient_name", "recipient_email", "recipient_phone", "vendor_account_id",
    "funding_source_id", "campaign_id", "reward_id",
)  # fmt: skip


def check(world: World) -> None:
    payouts, rewards, entries = world.all(Payout), world.all(Reward), world.all(Entry)
    one_order_a_reward(world)
    paid_is_what_was_frozen(world, payouts, rewards)
    books_agree(payouts, rewards, entries)
    ordinals_stand_once(world, rewards)
    counts_agree(world, rewards)
    nobody_is_forgotten(world, payouts)


def one_order_a_reward(world: World) -> None:
    asked = {payout.id: payout.reward_id for payout in world.provider.asked}
    orders = Counter(asked[external_id] for external_id in world.provider.orders)
    assert all(count == 1 for count in orders.values()), f"several orders for a reward: {orders}"


def paid_is_what_was_frozen(world: World, payouts: list[Payout], rewards: list[Reward]) -> None:
    by_id = {payout.id: payout for payout in payouts}
    for asked in world.provider.asked:
        now = by_id.get(asked.id)
        assert now is not None, "the provider was asked for a payout that is nowhere"
        assert all(getattr(asked, name) == getattr(now, name) for name in FROZEN), "what was frozen has changed"
    amounts = {reward.id: reward.amount for reward in rewards}
    for payout in payouts:
        assert payout.amount == amounts[payout.reward_id]
        if payout.accepted_at is not None:
            order = world.provider.orders[payout.id]
            assert (order.status, order.amount, order.id) == ("EXECUTED", payout.amount, payout.order_id)


def books_agree(payouts: list[Payout], rewards: list[Reward], entries: list[Entry]) -> None:
    assert ledger.faults(entries) == []
    steps = {(entry.reward_id, entry.step) for entry in entries}
    of = {payout.reward_id: payout for payout in payouts}
    for reward in rewards:
        payout = of.get(reward.id)
        submitted = payout is not None and payout.first_submitted_at is not None
        accepted = payout is not None and payout.accepted_at is not None
        assert ((reward.id, "accrued") in steps) is True
        assert ((reward.id, "submitted") in steps) is submitted
        assert ((reward.id, "accepted") in steps) is accepted
        assert ((reward.id, "reversed") in steps) is (reward.status in ("reversed", "failed"))
        assert (reward.status == "issued") is accepted
    owed = sum(one.amount for one in rewards if one.status == "pending")
    totals = ledger.total(entries).get("USD", {})
    assert totals.get("reward_payable", 0) + totals.get("in_flight", 0) == -owed
    assert totals.get("provider_funding", 0) == -sum(one.amount for one in payouts if one.accepted_at is not None)


def ordinals_stand_once(world: World, rewards: list[Reward]) -> None:
    approved = [one for one in world.all(Conversion) if one.status == "approved"]
    advocate = world.all(Advocate)[0]
    ordinals = sorted(one.ordinal or 0 for one in approved)
    assert len(set(ordinals)) == len(ordinals) == advocate.approved
    assert sorted([*ordinals, *advocate.freed_ordinals]) == list(
        range(1, len(ordinals) + len(advocate.freed_ordinals) + 1)
    )
    by_id = {reward.id: reward for reward in rewards}
    for one in approved:
        paid = by_id[one.reward_id].amount if one.reward_id else None
        assert paid == amount(one.terms, one.ordinal or 0)


def counts_agree(world: World, rewards: list[Reward]) -> None:
    """What budgets and standings say is what the rewards that stand come to; no budget is exceeded."""
    stands = {one.id: one.amount for one in rewards if one.status not in ("reversed", "failed")}
    approved = [one for one in world.all(Conversion) if one.status == "approved"]
    for spend in world.all(Spend):
        took = [one for one in approved if one.taken is not None and spend.id in one.taken.spends]
        assert spend.amount == sum(stands.get(one.reward_id or "", 0) for one in took)
        assert spend.approvals == len(took)
        assert 0 <= spend.amount <= get(world.store, Budget, ORG, spend.budget_id).amount
    for standing in world.all(Standing):
        counted = [one for one in approved if one.taken is not None and standing.id in one.taken.standings]
        assert standing.approved == len(counted)
        assert sum(standing.amounts.values()) == sum(one.taken.amount for one in counted if one.taken)


def nobody_is_forgotten(world: World, payouts: list[Payout]) -> None:
    from moref.kernel.keys import GLOBAL
    from moref.rewards.model import OpenPayout

    for payout in payouts:
        listed = world.store.find(OpenPayout, GLOBAL, payout.id)
        assert listed is not None
        if payout.status in ("intent", "submitted", "retry_wait", "unknown"):
            assert listed.status == "open"


def ended(world: World) -> None:
    """After faults stop: every reward is paid once, reversed, or waits for a person with a reason and an alarm."""
    of = {payout.reward_id: payout for payout in world.all(Payout)}
    for reward in world.all(Reward):
        payout = of.get(reward.id)
        if reward.status in ("reversed", "failed"):
            assert payout is None or payout.status in ("cancelled", "needs_person")
            assert reward.reason
            continue
        assert payout is not None, "a reward without its payout"
        assert payout.status in ("accepted", "delivered", "needs_person"), (payout.status, payout.reason)
        if payout.status == "needs_person":
            assert payout.reason
            assert alarmed(world), "waits for a person whom nobody calls"


def alarmed(world: World) -> bool:
    """The next round of the reconcile job raises the alarm, however the last worker ended."""
    metrics = world.runtime.metrics
    assert isinstance(metrics, FakeMetrics)
    metrics.counts.pop("payout_needs_person", None)
    world.reconcile()
    world.drain()
    return metrics.counts.get("payout_needs_person", 0) >= 1
