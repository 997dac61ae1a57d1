"""Re-derives what the books claim from their entries, by other means than made it: for tests, drills, operators."""

from collections import defaultdict

from moref.books import check_benefits
from moref.books.balances import add, digest, entries_between
from moref.books.close_month import closed_months
from moref.books.model import Balance, ClosedMonth, PayeeYear
from moref.books.months import bounds
from moref.identity.current import current
from moref.records import Store, every
from moref.rewards import ledger
from moref.rewards.model import Entry, Reward
from moref.tenants.model import LegalEntity

_PAID = frozenset({"accepted", "handed_over"})  # what a payer's information returns count


def faults(store: Store, organization_id: str) -> list[str]:
    """What is wrong, in words; empty when the books are right."""
    entries = every(store, Entry, organization_id, newest_first=False)
    found = ledger.faults(entries)
    for payer in every(store, LegalEntity, organization_id):
        found += _months(store, organization_id, payer.id)
    return [*found, *_years(store, organization_id, entries), *check_benefits.faults(store, organization_id, entries)]


def _months(store: Store, organization_id: str, legal_entity_id: str) -> list[str]:
    found: list[str] = []
    before: list[Balance] = []
    last: ClosedMonth | None = None
    for closed in closed_months(store, organization_id, legal_entity_id):
        since, until = bounds(closed.month)
        entries = entries_between(store, organization_id, legal_entity_id, since if last else None, until)
        if (len(entries), digest(entries)) != (closed.entries, closed.digest):
            found.append(f"{closed.id} was closed with other entries")
        before = add(before, entries)
        if before != closed.balances:
            found.append(f"{closed.id} was closed with other balances")
        last = closed
    return found


def _years(store: Store, organization_id: str, entries: list[Entry]) -> list[str]:
    paid: defaultdict[tuple[str, str, int], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        reward = store.find(Reward, organization_id, entry.reward_id) if entry.step in _PAID else None
        if reward is not None:
            person = current(store, organization_id, reward.contact_id)
            key = (entry.legal_entity_id, person.id if person else reward.contact_id, entry.created_at.year)
            paid[key][entry.currency] += max(line.amount for line in entry.lines)
    counted = {
        (row.legal_entity_id, row.contact_id, row.year): row.paid
        for row in every(store, PayeeYear, organization_id)
        if row.rewards
    }
    derived = {key: dict(amounts) for key, amounts in paid.items()}
    different = sorted(key for key in derived.keys() | counted.keys() if derived.get(key) != counted.get(key))
    return [f"payee {contact} of {payer} in {year} is counted otherwise" for payer, contact, year in different]
