"""The provider accepted a payout: thank the advocate and say what is coming."""

from moref.identity.current import current
from moref.kernel.money import Money
from moref.messaging.plan_message import planned, queue_once
from moref.records import get
from moref.rewards.model import Payout, Reward
from moref.runtime import Runtime

TOLD = ("accepted", "delivered")


def thank(runtime: Runtime, organization_id: str, payout_id: str) -> None:
    """On payout.changed; once per reward. A service message: it is about the reward, and needs no marketing consent."""
    payout = get(runtime.store, Payout, organization_id, payout_id)
    if payout.status not in TOLD:
        return
    reward = get(runtime.store, Reward, organization_id, payout.reward_id)
    contact = current(runtime.store, organization_id, reward.contact_id)
    if contact is None:  # erased meanwhile; the gift card itself is the provider's business by now
        return
    queue_once(
        runtime.store,
        planned(
            runtime,
            organization_id,
            cause=cause(reward.id),
            template="reward",
            kind="service",
            location_id=reward.location_id,
            contact=contact,
            fields={"amount": Money(payout.amount, payout.currency).for_people()},
        ),
    )


def cause(reward_id: str) -> str:
    """What the message's id is derived from."""
    return f"{reward_id}.thanks"
