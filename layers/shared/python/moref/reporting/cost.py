"""What referred customers cost, month by month, beside what the company's advertising cost.

Cost: the rewards given in the month, to advocates and friends, and the provider's fees where its statement was asked
for. A month in several currencies is told in one line each, without numbers per customer: a customer has no currency.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from moref.books.model import ProviderStatement
from moref.kernel import plugins
from moref.records import Store, every
from moref.reporting.ad_spend import AdSpend
from moref.reporting.counters import ALL
from moref.reporting.periods import Counts, by_period, total
from moref.reporting.tables import Line, per, percent

USUAL = "USD"  # of a month without any money


def cost(store: Store, org: str, places: list[str], months: tuple[date, date]) -> Iterator[Line]:
    """`months`: the first day of the first, the last day of the last. What was entered for the whole organization, and
    the fees, are only in a report over all of it."""
    for month, counts in by_period(store, org, places, months, "month").items():
        ads = [row for row in every(store, AdSpend, org, parent=month) if places == [ALL] or row.location_id in places]
        fees = _fees(store, org, month) if places == [ALL] else {}
        used = {*_currencies(counts), *(row.currency for row in ads), *fees} or {USUAL}
        for currency in sorted(used):
            mine = [row for row in ads if row.currency == currency]
            yield _line(month, currency, counts, mine, fees.get(currency), only=len(used) == 1)


def _line(month: str, currency: str, counts: Counts, ads: list[AdSpend], fees: int | None, *, only: bool) -> Line:
    rewards, revenue = (total(counts, f"{name}.{currency}") for name in ("cost", "revenue"))
    booked, spent = total(counts, "booked"), sum(row.amount for row in ads)
    brought = [row.bookings for row in ads if row.bookings is not None]
    known = sum(row.amount for row in ads if row.bookings is not None)
    cost = rewards + (fees or 0)
    return {
        "month": month, "currency": currency, "booked": booked, "revenue": revenue, "rewards": rewards, "fees": fees,
        "cost": cost, "cost_per_booking": per(cost, booked) if only else None,
        "return_percent": percent(revenue, cost),
        "ad_spend": spent, "ad_bookings": sum(brought) if brought else None,
        "ad_cost_per_booking": per(known, sum(brought)) if only and brought else None,
    }  # fmt: skip


def _currencies(counts: Counts) -> Iterable[str]:
    return {counter.split(".")[1] for counter in counts if counter.startswith(("cost.", "revenue."))}


def _fees(store: Store, org: str, month: str) -> dict[str, int]:
    """By currency; of the providers whose month was asked for."""
    found: dict[str, int] = {}
    for provider in plugins.names("moref.rewards.providers"):
        statement = store.find(ProviderStatement, org, f"{provider}.{month}")
        if statement is not None and statement.status == "ready":
            found[statement.currency] = found.get(statement.currency, 0) + statement.fees
    return found
