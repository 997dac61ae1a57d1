"""The counters of some days, by day, week or month: what reports are made of.

A report reads one row a day (or month) for each place it is asked for, never a row of what was counted.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar

from moref.records import Store, every
from moref.reporting.counters import Counters, ReportDay, ReportMonth

By = Literal["day", "week", "month"]
C = TypeVar("C", bound=Counters)
Counts = dict[str, int]
PAGE = 100
BEGIN = "2015-01"  # no partner joined earlier


def by_period(
    store: Store, organization_id: str, places: Iterable[str], days: tuple[date, date], by: By
) -> dict[str, Counts]:
    """Every period that has one of the days, first to last, empty ones too; a week is named by its Monday.

    Days before the first and after the last one are not in, also where their week or month is.
    """
    first, last = days
    found: dict[str, Counts] = {period: {} for period in _periods(first, last, by)}
    for row in _rows(store, ReportDay, organization_id, places, (first, last)):
        add(found[period_of(date.fromisoformat(row.day), by)], row.counts)
    return found


def of_months(store: Store, organization_id: str, places: Iterable[str], months: tuple[str, str]) -> dict[str, Counts]:
    """The counters kept by the month, for every month from first to last."""
    first, last = (date.fromisoformat(f"{month}-01") for month in months)
    found: dict[str, Counts] = {period: {} for period in _periods(first, last, "month")}
    for row in _rows(store, ReportMonth, organization_id, places, (first, last)):
        add(found[row.month], row.counts)
    return found


def period_of(day: date, by: By) -> str:
    if by == "month":
        return day.isoformat()[:7]
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def add(to: Counts, counts: Counts) -> None:
    for counter, number in counts.items():
        to[counter] = to.get(counter, 0) + number


def total(counts: Counts, *names: str) -> int:
    """Of the counters of that name, or of it and something further: "asked" is "asked.sms" and "asked.email"."""
    return sum(number for counter, number in counts.items() for name in names if f"{counter}.".startswith(f"{name}."))


def _periods(first: date, last: date, by: By) -> Iterator[str]:
    """In order, each once: no step is longer than its period."""
    step = {"day": 1, "week": 7, "month": 28}[by]
    days = (first + timedelta(days=n) for n in range(0, (last - first).days, step))
    return iter(dict.fromkeys(period_of(day, by) for day in (*days, last)))


def _rows(store: Store, kind: type[C], org: str, places: Iterable[str], days: tuple[date, date]) -> Iterator[C]:
    since, until = (datetime.combine(day, time(), UTC) for day in days)
    for place in places:
        yield from every(store, kind, org, parent=place, since=since, until=until, limit=PAGE)
