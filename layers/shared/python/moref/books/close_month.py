"""Closes a month of a payer's books: freezes its balances and proves its entries by a digest."""

from datetime import timedelta

from moref.books.balances import add, digest, entries_between
from moref.books.model import ClosedMonth
from moref.books.months import bounds, following
from moref.kernel.errors import Conflict
from moref.records import Create, Store, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import LegalEntity

SETTLED = timedelta(hours=24)  # after a month's end: lists lag by moments, clocks differ by less


def closed_months(store: Store, organization_id: str, legal_entity_id: str) -> list[ClosedMonth]:
    """Oldest first."""
    found = every(store, ClosedMonth, organization_id, parent=legal_entity_id)
    return sorted(found, key=lambda one: one.month)


def close_month(runtime: Runtime, organization_id: str, legal_entity_id: str, month: str, *, actor: str) -> ClosedMonth:
    """The closed month; closing it again changes nothing. The first one closed takes everything before it along.

    Raises BadInput on what is no month, NotFound, Conflict when it has not ended for a day or is not the next one.
    """
    store, now = runtime.store, runtime.clock.now()
    get(store, LegalEntity, organization_id, legal_entity_id)
    _, until = bounds(month)
    if now < until + SETTLED:
        raise Conflict(f"{month} can be closed from {until + SETTLED:%Y-%m-%d} on")
    earlier = closed_months(store, organization_id, legal_entity_id)
    known = next((one for one in earlier if one.month == month), None)
    if known is not None:
        return known
    last = earlier[-1] if earlier else None
    if last is not None and month != following(last.month):
        raise Conflict(f"the next month to close is {following(last.month)}")
    since = bounds(month)[0] if last else None
    entries = entries_between(store, organization_id, legal_entity_id, since, until)
    made = ClosedMonth(
        organization_id=organization_id, id=f"{legal_entity_id}.{month}", created_at=now, updated_at=now,
        legal_entity_id=legal_entity_id, month=month, entries=len(entries), digest=digest(entries),
        balances=add(last.balances if last else [], entries), closed_by=actor,
    )  # fmt: skip
    # Closed by somebody else in this moment: a Conflict, and asking again answers with theirs.
    store.commit(Create(made), audited(now, organization_id, actor, "month.closed", made.id, entries=str(len(entries))))
    return made
