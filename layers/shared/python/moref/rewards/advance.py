"""The next look at a payout in whatever state it is: a released reward, a schedule and the reconcile job ask for it."""

from datetime import datetime, timedelta

from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Retry
from moref.records import get
from moref.rewards import outcomes
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout, Reward, payout_id
from moref.rewards.pay import pay
from moref.rewards.ports import Connect, ProviderOrder
from moref.rewards.settle import settle
from moref.rewards.start_payout import start_payout
from moref.rewards.wake import gives_up_at
from moref.runtime import Runtime

STALE = timedelta(minutes=3)  # a worker has 30 s; one that claimed and is silent for longer has died
SURE = timedelta(minutes=1)  # an order that was made shows up in a look-up well within this
DELIVERY = timedelta(days=3)  # how long a missing delivery webhook is made up for by asking


def advance(
    runtime: Runtime,
    organization_id: str,
    reward_id: str,
    *,
    slot: datetime | None = None,
    connect: Connect = connect_account,
) -> None:
    """Moves the reward's payout one step, if there is one to take. Raises Retry or Conflict: look again soon."""
    payout = start_payout(runtime, organization_id, reward_id)
    if payout is None:
        _close_if_over(runtime, organization_id, reward_id)
        return
    now = runtime.clock.now()
    if payout.status == "needs_person":
        # At every look, not once: an alarm that is raised once is lost with the worker that was to raise it.
        runtime.metrics.count("payout_needs_person")
    if payout.status in ("intent", "retry_wait"):
        pay(runtime, organization_id, payout.id, slot=slot, connect=connect)
    elif payout.order_id is not None:
        _follow(runtime, payout, now, connect)
    elif payout.status == "submitted" and now >= (payout.submitted_at or now) + STALE:
        outcomes.unknown(runtime, payout, "the worker died while the provider was being asked")
    elif payout.status == "unknown" and now >= (payout.next_attempt_at or now):
        _resolve(runtime, payout, connect)


def _resolve(runtime: Runtime, payout: Payout, connect: Connect) -> None:
    """UNKNOWN is left only here: found, it is as the order says; surely absent, the same id is asked again."""
    try:
        order = connect(runtime, payout.organization_id, payout.provider).find(payout.id)
    except (Retry, OutcomeUnknown, NeedsPerson) as failure:
        outcomes.unknown(runtime, payout, f"asked, no answer: {failure.detail}")
        return
    if order is not None:
        settle(runtime, payout.organization_id, payout.id, order)
    elif runtime.clock.now() < (payout.submitted_at or payout.updated_at) + SURE:
        outcomes.unknown(runtime, payout, "not there yet")
    else:
        outcomes.wait(runtime, payout, "the provider has no order under our id", until=runtime.clock.now())


def _follow(runtime: Runtime, payout: Payout, now: datetime, connect: Connect) -> None:
    """Asks about an order that stands: pending there, or accepted and not known to be delivered."""
    if payout.status == "accepted" and now > (payout.accepted_at or now) + DELIVERY:
        _close(runtime, payout.id)
        return
    if payout.status == "delivered":
        return
    order = _read(runtime, payout, connect)
    if order is not None:
        payout = settle(runtime, payout.organization_id, payout.id, order)
    if payout.status == "submitted" and now > (gives_up_at(payout) or now):
        outcomes.needs_person(runtime, payout, f"still {payout.provider_status} after 48 hours")


def _read(runtime: Runtime, payout: Payout, connect: Connect) -> ProviderOrder | None:
    try:
        return connect(runtime, payout.organization_id, payout.provider).read(payout.order_id or "")
    except (Retry, OutcomeUnknown, NeedsPerson):
        return None  # the next round asks again; nothing depends on this one


def _close(runtime: Runtime, payout_id: str) -> None:
    writes = outcomes.closing(runtime, payout_id, runtime.clock.now())
    if writes:
        runtime.store.commit(*writes)


def _close_if_over(runtime: Runtime, organization_id: str, reward_id: str) -> None:
    """A reward that ended before a payout could start leaves the reconcile job's list."""
    reward = get(runtime.store, Reward, organization_id, reward_id)
    if reward.status != "pending":
        _close(runtime, payout_id(organization_id, reward_id))
