"""What must hold after every step, derived from the rows and the provider's own books, not from the code under test."""

from collections import Counter

from moref.books import check as books
from moref.budgets.model import Budget, Spend
from moref.campaigns.thank import cause
from moref.conversions.model import Conversion
from moref.intake.model import Job
from moref.messaging.model import Message
from moref.messaging.plan_message import message_id
from moref.programs.model import Standing
from moref.programs.tiers import tier_at
from moref.records import get
from moref.referrals.model import Advocate, Referral
from moref.rewards import ledger
from moref.rewards.model import Entry, Payout, Reward
from tests.fakes.runtime import FakeMetrics
from tests.simulation.world import World

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
    nobody_is_thanked_too_soon(world, payouts)


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
    # The checker of the books reads lists and rows of its own; each step of it is re-derived at every end.
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
    for advocate in world.all(Advocate):
        ordinals = sorted(one.ordinal or 0 for one in approved if one.advocate_id == advocate.id)
        assert len(set(ordinals)) == len(ordinals) == advocate.approved
        both = sorted([*ordinals, *advocate.freed_ordinals])
        assert both == list(range(1, len(both) + 1))
    by_id = {reward.id: reward for reward in rewards}
    for one in approved:
        paid = by_id[one.reward_id].amount if one.reward_id else None
        tier = tier_at(one.terms, one.ordinal or 0)
        if tier is None or tier.basis_points is None:
            assert paid == (tier.amount if tier else None)
        else:
            assert paid is None or 0 < paid <= (tier.maximum or 0)


def counts_agree(world: World, rewards: list[Reward]) -> None:
    """What budgets and standings say is what the rewards that stand come to; no budget is exceeded."""
    stands = {one.id: one.amount for one in rewards if one.status not in ("reversed", "failed")}
    approved = [one for one in world.all(Conversion) if one.status == "approved"]
    for spend in world.all(Spend):
        took = [one for one in approved if one.taken is not None and spend.id in one.taken.spends]
        assert spend.amount == sum(stands.get(one.reward_id or "", 0) for one in took)
        assert spend.approvals == len(took)
        assert 0 <= spend.amount <= get(world.store, Budget, world.org, spend.budget_id).amount
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


def nobody_is_thanked_too_soon(world: World, payouts: list[Payout]) -> None:
    """ "Your gift card is on its way" is said of what the provider took, and of nothing else."""
    taken = {one.id for one in payouts if (order := world.provider.orders.get(one.id)) and order.status == "EXECUTED"}
    said = {message_id(world.org, cause(one.reward_id)) for one in payouts if one.id in taken}
    assert {one.id for one in world.all(Message) if one.template == "reward"} <= said


def as_jobs_say(world: World) -> None:
    """Every conversion agrees with its job and its referral, or says why it does not."""
    for one in world.all(Conversion):
        job, referral = (
            world.store.find(Job, world.org, one.job_id),
            get(world.store, Referral, world.org, one.referral_id),
        )
        assert job is not None
        invoiced, amount = job.facts.get("invoiced"), job.facts.get("amount")
        stands = (
            invoiced is not None
            and invoiced.value is True
            and job.state != "cancelled"
            and referral.job_id == job.id
            and referral.status not in ("removed", "duplicate", "ineligible", "lost")
            and (not one.terms.minimum_amount or (amount is not None and amount.value >= one.terms.minimum_amount))
        )
        assert one.status != "withdrawn" or not stands, "withdrawn, and its job counts"
        assert one.status not in ("pending", "held") or stands, f"{one.status}, and its job does not count"
        assert one.status != "approved" or stands or one.reason, "paid for nothing, and nobody says why"


def nobody_is_told_wrong(world: World) -> None:
    """As it comes by itself, without news from anybody."""
    for one in world.all(Conversion):
        referral = get(world.store, Referral, world.org, one.referral_id)
        assert (referral.status, one.status) != ("qualified", "withdrawn")


def ended(world: World) -> None:
    """After faults stop: every reward is paid once, reversed, or waits for a person with a reason and an alarm."""
    assert books.faults(world.store, world.org) == []
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
