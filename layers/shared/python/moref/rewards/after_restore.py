"""After the tables were restored to a moment T: what the provider did since then is written into the restored rows,
before anything may be paid again. Payouts are stopped meanwhile. Repeatable."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Retry
from moref.records import every, get
from moref.rewards import outcomes
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout, PayoutStatus, Reward, payout_id
from moref.rewards.ports import Connect, Provider, ProviderOrder
from moref.rewards.settle import settle
from moref.rewards.start_payout import PROVIDER, start_payout
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount

MARGIN = timedelta(minutes=10)  # the provider's clock and ours, and an order under way at T
_OPEN: tuple[PayoutStatus, ...] = ("intent", "submitted", "retry_wait", "unknown")


@dataclass(slots=True)
class Reconciled:
    """Payout ids: `settled` by an order; `absent`: the provider surely has none; `unsure`: it could not be asked, so
    they are UNKNOWN now; `orphans`: it has an order, and we have no reward (approved after T)."""

    settled: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def reconcile_orders(
    runtime: Runtime, organization_id: str, since: datetime, *, connect: Connect = connect_account
) -> Reconciled:
    """`since` is T. Raises Retry or OutcomeUnknown when the provider cannot list its orders: do it again.

    An orphan needs nothing now: its reward is approved again, gets the same payout id, and the provider answers that id
    with the order it has.
    """
    done = Reconciled()
    if runtime.store.find(VendorAccount, organization_id, PROVIDER) is None:
        return done
    provider = connect(runtime, organization_id, PROVIDER)
    orders = {order.external_id or "": order for order in provider.since(since - MARGIN)}
    _start_what_was_ordered(runtime, organization_id, orders)
    for id, order in orders.items():
        payout = runtime.store.find(Payout, organization_id, id)
        if payout is None:
            done.orphans.append(id)
        else:
            _settle(runtime, payout, order)
            done.settled.append(id)
    # Read to the end before the first is changed: a change moves a payout to another of these lists.
    waiting = [payout for status in _OPEN for payout in every(runtime.store, Payout, organization_id, status=status)]
    for payout in waiting:
        if payout.id not in orders:
            _ask(runtime, payout, provider, done)
    return done


def _start_what_was_ordered(runtime: Runtime, organization_id: str, orders: dict[str, ProviderOrder]) -> None:
    """A reward that was released at T may have got its payout, and the order, only afterwards."""
    for reward in every(runtime.store, Reward, organization_id, status="pending"):
        if payout_id(organization_id, reward.id) in orders:
            start_payout(runtime, organization_id, reward.id)


def _settle(runtime: Runtime, payout: Payout, order: ProviderOrder) -> None:
    settle(runtime, payout.organization_id, _asked(runtime, payout).id, order)


def _asked(runtime: Runtime, payout: Payout) -> Payout:
    """The payout as it was once the provider had been asked: that this happened after T is what the order proves."""
    fresh = get(runtime.store, Payout, payout.organization_id, payout.id)
    if fresh.first_submitted_at is not None or fresh.status not in ("intent", "retry_wait"):
        return fresh
    return outcomes.claim(runtime, fresh, get(runtime.store, Reward, fresh.organization_id, fresh.reward_id))


def _ask(runtime: Runtime, payout: Payout, provider: Provider, done: Reconciled) -> None:
    """Not among the orders since T: made before, or never. Nobody is paid on a guess."""
    try:
        order = provider.find(payout.id)
    except (Retry, OutcomeUnknown, NeedsPerson) as failure:
        outcomes.unknown(runtime, _asked(runtime, payout), f"after a restore, not asked: {failure.detail}")
        done.unsure.append(payout.id)
        return
    if order is None:
        done.absent.append(payout.id)
        return
    _settle(runtime, payout, order)
    done.settled.append(payout.id)
