"""Sums of entries by branch, currency and account. Pure but for the reading."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from moref.books.model import Balance
from moref.records import Store, every
from moref.rewards.model import Entry

Sums = Counter[tuple[str, str, str]]  # (location, currency, account) -> minor units


def entries_between(
    store: Store, organization_id: str, legal_entity_id: str, since: datetime | None, until: datetime
) -> list[Entry]:
    """A payer's entries of [since, until), oldest first."""
    bounds = {"until": until} | ({"since": since} if since else {})
    found = every(store, Entry, organization_id, newest_first=False, **bounds)
    return [entry for entry in found if entry.legal_entity_id == legal_entity_id and entry.created_at < until]


def add(balances: Iterable[Balance], entries: Iterable[Entry]) -> list[Balance]:
    """The balances after the entries; what has come to nothing is left out."""
    sums: Sums = Counter({(one.location_id, one.currency, one.account): one.amount for one in balances})
    for entry in entries:
        for line in entry.lines:
            sums[(entry.location_id, entry.currency, line.account)] += line.amount
    return [
        Balance(location_id=location_id, currency=currency, account=account, amount=amount)
        for (location_id, currency, account), amount in sorted(sums.items())
        if amount
    ]


def digest(entries: Iterable[Entry]) -> str:
    """SHA-256 over what the entries say, whatever order they are listed in."""
    whole = sorted(json.dumps([entry.id, entry.data()], sort_keys=True) for entry in entries)
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()
