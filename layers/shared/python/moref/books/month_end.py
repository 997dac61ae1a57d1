"""A month of a payer's books by branch: what was accrued, paid and taken back in it, and what is owed at its end."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from moref.books.balances import add, entries_between
from moref.books.close_month import closed_months
from moref.books.model import ClosedMonth
from moref.books.months import bounds
from moref.records import Store, get
from moref.rewards.ledger import OWED  # a credit there is a liability
from moref.rewards.model import Entry
from moref.runtime import Runtime
from moref.tenants.model import LegalEntity


@dataclass(slots=True)
class BranchMonth:
    """Minor units. `moved`: step -> the sum of its entries in the month; `liability`: what is owed at its end."""

    location_id: str
    currency: str
    moved: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    liability: int = 0


def month_end(runtime: Runtime, organization_id: str, legal_entity_id: str, month: str) -> list[BranchMonth]:
    """Of a month that is over or still runs, closed or not. Raises BadInput, NotFound."""
    store = runtime.store
    get(store, LegalEntity, organization_id, legal_entity_id)
    since, until = bounds(month)
    base = _before(closed_months(store, organization_id, legal_entity_id), month)
    entries = entries_between(store, organization_id, legal_entity_id, _start(base), until)
    found: dict[tuple[str, str], BranchMonth] = {}
    for balance in add(base.balances if base else [], entries):
        row = _row(found, balance.location_id, balance.currency)
        row.liability -= balance.amount if balance.account in OWED else 0
    for entry in entries:
        if entry.created_at >= since:
            _row(found, entry.location_id, entry.currency).moved[entry.step] += _size(entry)
    return [found[key] for key in sorted(found)]


def is_closed(store: Store, organization_id: str, legal_entity_id: str, month: str) -> bool:
    return any(one.month == month for one in closed_months(store, organization_id, legal_entity_id))


def _before(closed: Iterable[ClosedMonth], month: str) -> ClosedMonth | None:
    """The last closed month before this one: what came before it need not be read again."""
    return max((one for one in closed if one.month < month), key=lambda one: one.month, default=None)


def _start(base: ClosedMonth | None) -> datetime | None:
    return bounds(base.month)[1] if base else None


def _row(found: dict[tuple[str, str], BranchMonth], location_id: str, currency: str) -> BranchMonth:
    return found.setdefault((location_id, currency), BranchMonth(location_id, currency))


def _size(entry: Entry) -> int:
    """An entry's amount: the sum of its debits."""
    return sum(line.amount for line in entry.lines if line.amount > 0)
