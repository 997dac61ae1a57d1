"""The journal of a month as rows that accounting programs import: one a line of an entry."""

from collections.abc import Iterator
from typing import Any

from moref.books.balances import entries_between
from moref.books.months import bounds
from moref.kernel.money import Money
from moref.records import every, get
from moref.rewards.model import Entry, Line
from moref.runtime import Runtime
from moref.tenants.model import LegalEntity, Location

COLUMNS = ("date", "entry", "payer", "ein", "branch", "account", "debit", "credit", "currency", "memo", "reward")


def general_ledger(runtime: Runtime, organization_id: str, legal_entity_id: str, month: str) -> list[dict[str, Any]]:
    """Oldest first, each entry's debits before its credits; amounts as decimals of the currency ("25.00").

    Raises BadInput on what is no month, NotFound.
    """
    payer = get(runtime.store, LegalEntity, organization_id, legal_entity_id)
    branches = {one.id: one.name for one in every(runtime.store, Location, organization_id)}
    entries = entries_between(runtime.store, organization_id, legal_entity_id, *bounds(month))
    return [row for entry in entries for row in _rows(entry, payer, branches.get(entry.location_id, ""))]


def _rows(entry: Entry, payer: LegalEntity, branch: str) -> Iterator[dict[str, Any]]:
    for line in sorted(entry.lines, key=lambda line: line.amount < 0):
        yield {
            "date": entry.created_at.date().isoformat(),
            "entry": entry.id,
            "payer": payer.name,
            "ein": payer.ein,
            "branch": branch or entry.location_id,
            "account": line.account,
            "debit": _amount(entry, line) if line.amount > 0 else None,
            "credit": _amount(entry, line) if line.amount < 0 else None,
            "currency": entry.currency,
            "memo": entry.memo,
            "reward": entry.reward_id,
        }


def _amount(entry: Entry, line: Line) -> str:
    return Money(abs(line.amount), entry.currency).decimal()
