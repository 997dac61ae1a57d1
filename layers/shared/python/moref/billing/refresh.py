"""Takes over what the processor says of an organization's subscription.

Events come late, twice and in any order, so none of them is believed: each leads to one fetch of the present state.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moref.billing.account import Connect, connect
from moref.billing.model import BillingCustomer, Status, Subscription
from moref.billing.plans import plan_of
from moref.billing.ports import Snapshot
from moref.events import Event
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BILLING
from moref.records import Change, Emit, Write, every
from moref.runtime import Runtime

TRIES = 5
STALE = timedelta(hours=24)  # what no event told of is seen within a day
_MISSING: tuple[Status, ...] = ("past_due", "unpaid")


def refresh(runtime: Runtime, organization_id: str, *, connect: Connect = connect) -> Subscription | None:
    """The row as it is now; None for an organization that is not billed. Raises what the processor raises, and
    Conflict after lost races."""
    begun = runtime.clock.now()
    row = runtime.store.find(Subscription, organization_id, organization_id)
    if row is None or row.customer_id is None:
        return row
    told = connect(runtime).subscription(organization_id, row.customer_id)
    return row if told is None else _store(runtime, organization_id, lambda row: taken(row, told, begun))


def _store(
    runtime: Runtime, organization_id: str, change: Callable[[Subscription], Subscription | None]
) -> Subscription | None:
    for _ in range(TRIES):
        before = runtime.store.find(Subscription, organization_id, organization_id)
        after = None if before is None else change(before)
        if before is None or after is None:
            return before
        try:
            runtime.store.commit(Change(before, after), *_told(before, after))
        except Conflict:
            continue
        return runtime.store.find(Subscription, organization_id, organization_id)
    raise Conflict("the subscription is being changed by others")


def _told(before: Subscription, after: Subscription) -> list[Write]:
    if before.status == after.status:
        return []
    data = {"status": after.status, "previous_status": before.status}
    return [Emit(Event("subscription.changed", after.organization_id, after.id, data), after.updated_at)]


def taken(row: Subscription, told: Snapshot, begun: datetime) -> Subscription | None:
    """The row with the snapshot; None when a fetch that began later was taken over before."""
    if row.fetched_at is not None and begun < row.fetched_at:
        return None
    fields: dict[str, Any] = {name: getattr(told, name) for name in _AS_TOLD}
    missing = told.status in _MISSING
    since = row.overdue_since if told.id == row.subscription_id else None
    done = row.asked is not None and (row.asked.price_id, row.asked.quantity) == (told.price_id, told.quantity)
    return row.changed(
        begun, subscription_id=told.id, plan=plan_of(told.lookup_key), fetched_at=begun,
        overdue_since=(since or begun) if missing else None, asked=None if done else row.asked, **fields,
    )  # fmt: skip


_AS_TOLD = (
    "status", "item_id", "price_id", "quantity", "began_at", "period_start", "period_end", "cancel_at", "ended_at",
)  # fmt: skip


def command(organization_id: str) -> dict[str, str]:
    """For the queue BILLING: look at this organization."""
    return {"command": "refresh", "organization_id": organization_id}


def sweep_subscriptions(runtime: Runtime) -> int:
    """Sends one look for each whose period has ended, or that nobody looked at for a day; how many."""
    now, sent = runtime.clock.now(), 0
    for customer in every(runtime.store, BillingCustomer, GLOBAL):
        row = runtime.store.find(Subscription, customer.owner_id, customer.owner_id)
        if row is not None and row.customer_id == customer.id and _due(row, now):
            runtime.queues.send(BILLING, command(customer.owner_id))
            sent += 1
    return sent


def _due(row: Subscription, now: datetime) -> bool:
    if row.fetched_at is None or now - row.fetched_at >= STALE:
        return True
    return row.period_end is not None and row.fetched_at < row.period_end <= now
