"""A month of a provider's orders beside the payouts booked in it: the same to the cent, or every difference listed.

In one currency: a sum of two would say nothing. The provider's month is the day its order was made, ours the day we
booked it as accepted: an order of the last minute may be in different months, which is an item too.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from moref.books.model import ProviderStatement, StatementItem
from moref.books.months import bounds, month_of
from moref.events import Event
from moref.kernel.errors import Conflict, Failure, NeedsPerson
from moref.records import Change, Create, Emit, every, get
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Entry, Payout, payout_id
from moref.rewards.ports import Connect, ProviderOrder
from moref.rewards.settle import EXECUTED
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount

MARGIN = timedelta(days=3)  # a payout is accepted within 48 hours of its first request, or by hand
MOST_ITEMS = 200


def ask_for_statement(
    runtime: Runtime, organization_id: str, provider: str, month: str, currency: str = "USD"
) -> ProviderStatement:
    """Has a worker make it, or make it again. Raises BadInput on what is no month, NotFound when no account of that
    provider is connected, Conflict on two asking at once."""
    bounds(month)
    store, now, id = runtime.store, runtime.clock.now(), f"{provider}.{month}.{currency}"
    get(store, VendorAccount, organization_id, provider)
    before = store.find(ProviderStatement, organization_id, id)
    after = ProviderStatement(
        organization_id=organization_id, id=id, created_at=now, updated_at=now,
        provider=provider, month=month, currency=currency, asked_at=now,
    )  # fmt: skip
    asked = Emit(Event("statement.asked", organization_id, id, {}), now)
    if before is None:
        store.commit(Create(after), asked)
    else:
        store.commit(Change(before, before.changed(now, status="running", reason=None, asked_at=now)), asked)
    return get(store, ProviderStatement, organization_id, id)


def make_statement(runtime: Runtime, organization_id: str, id: str, connect: Connect = connect_account) -> None:
    """On statement.asked. What the provider cannot answer now is tried again by the queue; what it never will, said."""
    before = get(runtime.store, ProviderStatement, organization_id, id)
    if before.status != "running":
        return
    try:
        fields = _compared(runtime, before, connect)
    except NeedsPerson as failure:
        fields = {"status": "failed", "reason": failure.detail[:300]}
    except Failure as failure:
        _say(runtime, before, status="running", reason=f"trying again: {failure.detail}"[:300])
        raise
    _say(runtime, before, **fields)


def _say(runtime: Runtime, before: ProviderStatement, **fields: Any) -> None:
    try:
        runtime.store.commit(Change(before, before.changed(runtime.clock.now(), **fields)))
    except Conflict:
        return  # asked for again meanwhile: that one is made by its own event


def _compared(runtime: Runtime, statement: ProviderStatement, connect: Connect) -> dict[str, Any]:
    org, (since, until) = statement.organization_id, bounds(statement.month)
    provider = connect(runtime, org, statement.provider)
    paid = {order.id: order for order in provider.since(since - MARGIN) if order.status == EXECUTED}
    entries = _accepted(runtime, org, since, until)
    orders = [order for order in paid.values() if order.currency in (statement.currency, None)]
    booked = _booked(runtime, statement, entries)
    ours = [order for order in orders if _made_within(order, since, until)]
    items = [*_theirs(runtime, statement, ours), *_lacking(orders, booked, ours)]
    used = {order.currency for order in paid.values() if _made_within(order, since, until)}
    others = {currency for currency in used | {entry.currency for entry in entries} if currency} - {statement.currency}
    provider_total = sum(order.amount or 0 for order in ours)
    booked_total = sum(amount for _, amount in booked)
    difference = provider_total - booked_total
    explained = sum((item.provider_amount or 0) - (item.booked_amount or 0) for item in items)
    return {
        "status": "ready", "reason": None, "orders": len(ours), "fees": sum(order.fee or 0 for order in ours),
        "provider_total": provider_total, "booked_total": booked_total, "difference": difference,
        "unexplained": difference - explained, "items": items[:MOST_ITEMS],
        "more_items": max(0, len(items) - MOST_ITEMS), "other_currencies": sorted(others),
    }  # fmt: skip


def _made_within(order: ProviderOrder, since: datetime, until: datetime) -> bool:
    return order.made_at is not None and since <= order.made_at < until


def _accepted(runtime: Runtime, org: str, since: datetime, until: datetime) -> list[Entry]:
    entries = every(runtime.store, Entry, org, since=since, until=until, newest_first=False)
    return [entry for entry in entries if entry.step == "accepted" and since <= entry.created_at < until]


def _booked(
    runtime: Runtime, statement: ProviderStatement, entries: Iterable[Entry]
) -> list[tuple[Payout | None, int]]:
    """What the ledger says was accepted in the month, with its payout."""
    org, store = statement.organization_id, runtime.store
    found = [
        (store.find(Payout, org, payout_id(org, entry.reward_id)), max(line.amount for line in entry.lines))
        for entry in entries
        if entry.currency == statement.currency
    ]
    return [(payout, amount) for payout, amount in found if payout is None or payout.provider == statement.provider]


def _theirs(runtime: Runtime, statement: ProviderStatement, orders: Iterable[ProviderOrder]) -> list[StatementItem]:
    """Orders of the month that the books have not, have in another month, or have with another amount."""
    items = []
    for order in orders:
        known = order.external_id
        payout = runtime.store.find(Payout, statement.organization_id, known) if known else None
        if payout is None or payout.accepted_at is None or (payout.order_id, payout.currency) != (
            order.id, statement.currency,
        ):  # fmt: skip
            items.append(_item("missing_in_books", payout, order, booked=None))
        elif month_of(payout.accepted_at) != statement.month:
            items.append(_item("other_month", payout, order, booked=None))
        elif payout.amount != order.amount:
            items.append(_item("amount_differs", payout, order, booked=payout.amount))
    return items


def _lacking(
    orders: Iterable[ProviderOrder], booked: Iterable[tuple[Payout | None, int]], ours: Iterable[ProviderOrder]
) -> list[StatementItem]:
    """Booked in the month, but at the provider in another one or not at all."""
    at_provider, of_month = ({(order.external_id, order.id) for order in some} for some in (orders, ours))
    items = []
    for payout, amount in booked:
        pair = (payout.id, payout.order_id) if payout else None
        if pair in of_month:
            continue
        known = pair in at_provider
        items.append(
            StatementItem(
                kind="other_month" if known else "missing_at_provider",
                payout_id=payout.id if payout else None,
                order_id=payout.order_id if payout else None,
                booked_amount=amount,
            )
        )
    return items


def _item(kind: Any, payout: Payout | None, order: ProviderOrder, *, booked: int | None) -> StatementItem:
    return StatementItem(
        kind=kind,
        payout_id=payout.id if payout else order.external_id,
        order_id=order.id,
        provider_amount=order.amount,
        booked_amount=booked,
    )
