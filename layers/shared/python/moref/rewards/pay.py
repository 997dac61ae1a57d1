"""Asks the provider to pay a payout whose turn it is: every gate is read at the moment of effect, the claim is one
conditional write, and whatever the provider answers (or does not) becomes a state of the payout."""

from datetime import datetime

from moref.kernel.errors import Conflict, NeedsPerson, OutcomeUnknown, Retry
from moref.records import get
from moref.rewards import funding, outcomes, slots
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout, Reward
from moref.rewards.ports import Connect, Provider
from moref.rewards.reverse import reverse
from moref.rewards.settle import settle
from moref.rewards.wake import STOPPED, wait_for_slot, whole
from moref.runtime import Runtime
from moref.tenants.model import Organization
from moref.tenants.switches import stopped


def pay(
    runtime: Runtime,
    organization_id: str,
    payout_id: str,
    *,
    slot: datetime | None = None,
    connect: Connect = connect_account,
) -> None:
    """Does nothing unless it is the payout's turn (intent, or retry_wait that is due). `slot`: one reserved before.

    Raises NotFound, and Conflict or Retry when races were lost, which redelivery repairs.
    """
    payout = get(runtime.store, Payout, organization_id, payout_id)
    now = runtime.clock.now()
    if payout.status not in ("intent", "retry_wait") or (payout.next_attempt_at or now) > now:
        return
    reward = get(runtime.store, Reward, organization_id, payout.reward_id)
    if not _may_go_on(runtime, payout, reward):
        return
    try:
        provider = connect(runtime, organization_id, payout.provider)
    except Retry as refusal:
        outcomes.wait(runtime, payout, refusal.detail)
        return
    if not slots.usable(slot, now):
        slot = slots.reserve(runtime, organization_id, payout.vendor_account_id, payout.provider)
        if slot > now:
            wait_for_slot(runtime, payout, slot)
            return
    try:
        claimed = outcomes.claim(runtime, payout, reward)
    except Conflict:
        _lost(runtime, payout)
        return
    ask(runtime, claimed, provider)


def ask(runtime: Runtime, payout: Payout, provider: Provider) -> None:
    """One request for a claimed payout. An exception that is no Failure leaves it submitted, which becomes unknown."""
    try:
        order = provider.order(payout)
    except Conflict:
        _conflicting(runtime, payout, provider)
    except Retry as refusal:
        if refusal.detail == funding.NO_MONEY:
            funding.refused(runtime, payout)
        outcomes.wait(runtime, payout, refusal.detail, seconds=refusal.seconds or 0)
    except NeedsPerson as refusal:
        outcomes.needs_person(runtime, payout, f"the provider refused: {refusal.detail}")
    except OutcomeUnknown as lost:
        outcomes.unknown(runtime, payout, lost.detail)
    else:
        settle(runtime, payout.organization_id, payout.id, order)


def _conflicting(runtime: Runtime, payout: Payout, provider: Provider) -> None:
    """Our id is known there with other content: whatever stands there is compared, never replaced."""
    try:
        order = provider.find(payout.id)
    except (Retry, OutcomeUnknown, NeedsPerson):
        outcomes.unknown(runtime, payout, "the provider knows our id, and could not be asked about it")
        return
    if order is None:
        outcomes.needs_person(runtime, payout, "the provider says our id is taken, and does not find it")
        return
    settle(runtime, payout.organization_id, payout.id, order)


def _may_go_on(runtime: Runtime, payout: Payout, reward: Reward) -> bool:
    if reward.revoke_reason is not None or reward.status != "pending":
        why = reward.revoke_reason or "the reward is no longer to be paid"
        reverse(runtime, payout.organization_id, reward.id, why)
        return False
    held = _held(runtime, payout.organization_id)
    if held is not None:
        outcomes.wait(runtime, payout, held, until=whole(runtime.clock.now() + STOPPED))
    return held is None


def _held(runtime: Runtime, organization_id: str) -> str | None:
    if stopped(runtime.store, organization_id, "payouts") is not None:
        return "stopped"
    organization = runtime.store.find(Organization, organization_id, organization_id)
    if organization is not None and organization.status not in ("active", "closing"):
        return f"the organization is {organization.status}"
    return None


def _lost(runtime: Runtime, payout: Payout) -> None:
    """Another worker has claimed it, which is fine; when it is the reward that was touched, redelivery looks again."""
    fresh = get(runtime.store, Payout, payout.organization_id, payout.id)
    if fresh.version == payout.version:
        raise Conflict("the reward was changed while its payout was claimed")
