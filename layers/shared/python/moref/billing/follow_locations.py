"""The subscription follows the number of active locations: an organization pays for what it runs, until it closes.

What is asked of the processor stands in the row first, under a number of its own, which makes the idempotency key: a
repeat after a crash is the same asking, and going from 3 to 2 and back to 3 within a day is two.
"""

from moref.billing.account import Connect, connect
from moref.billing.model import Asked, Subscription
from moref.billing.plans import plan_for
from moref.billing.refresh import refresh
from moref.billing.trial import running
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.records import Change, Store, every, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization

TRIES = 5


def active_locations(store: Store, organization_id: str) -> int:
    return len(every(store, Location, organization_id, status="active"))


def look(runtime: Runtime, organization_id: str, *, connect: Connect = connect) -> None:
    """What the processor says now, and then what it is to say. Raises what the processor raises, Conflict."""
    row = refresh(runtime, organization_id, connect=connect)
    if row is None or not running(row):
        return
    closes = get(runtime.store, Organization, organization_id, organization_id).status in ("closing", "closed")
    if closes != row.ending:
        connect(runtime).end(row.subscription_id or "", with_period=closes)
        runtime.store.commit(Change(row, row.changed(runtime.clock.now(), ending=closes)))
    elif not closes:
        follow_locations(runtime, row, connect=connect)


def follow_locations(runtime: Runtime, row: Subscription, *, connect: Connect = connect) -> None:
    """Asks for the quantity, and the price that goes with it, unless the processor has both already."""
    processor, org = connect(runtime), row.organization_id
    count = max(1, active_locations(runtime.store, org))
    price = processor.price(plan_for(count, row.began_at or runtime.clock.now()))
    for _ in range(TRIES):
        if (row.price_id, row.quantity) == (price, count):
            return
        asking = _asking(runtime, row, price, count)
        if asking is not None:
            key = ids.derived("key", org, row.subscription_id or "", "quantity", str(asking.number))
            processor.change(row.subscription_id or "", row.item_id or "", price, count, key=key)
            refresh(runtime, org, connect=lambda _: processor)
            return
        fresh = runtime.store.find(Subscription, org, org)
        if fresh is None or not running(fresh):
            return
        row = fresh
    raise Conflict("the subscription is being changed by others")


def _asking(runtime: Runtime, row: Subscription, price: str, count: int) -> Asked | None:
    """What stands in the row; None when the row changed under us."""
    if row.asked is not None and (row.asked.price_id, row.asked.quantity) == (price, count):
        return row.asked
    asked = Asked(number=row.asks + 1, price_id=price, quantity=count)
    try:
        runtime.store.commit(Change(row, row.changed(runtime.clock.now(), asked=asked, asks=asked.number)))
    except Conflict:
        return None
    return asked
