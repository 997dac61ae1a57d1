"""What a director reads on Monday: last week, beside the one before and the twelve it ends.

Everything is read from counters; what the reader may not see is not in it.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from moref.records import Store
from moref.reporting.campaigns import by_campaign
from moref.reporting.cost import cost
from moref.reporting.counters import ALL
from moref.reporting.funnel import Counts as Reached
from moref.reporting.leaderboard import Place, leaderboard
from moref.reporting.periods import BEGIN, add, by_period, of_months, total
from moref.reporting.tables import CONVERSIONS, STAGES, WAITS, Line, partners, waits
from moref.reporting.waits import percentile
from moref.tenants.model import Location, Organization

WEEKS, BEST, COST_MONTHS = 12, 5, 3
WEEK = timedelta(days=7)
TREND = ("quoted", "booked", "invoiced")


@dataclass(frozen=True, slots=True)
class Weekly:
    title: str  # whose report it is
    first: date  # Monday
    stages: dict[str, tuple[int, int]]  # stage -> in this week, in the one before
    weeks: list[str]  # Mondays, the last is `first`
    trend: dict[str, list[int]]  # stage -> a number for each of `weeks`
    channels: dict[str, dict[str, int]]  # of this week
    campaigns: dict[str, Reached]  # messages sent in the week, by campaign
    conversions: dict[str, int]  # that qualified in the weeks, by their status now
    waits: dict[str, int | None]  # "approval p50" -> seconds, of payouts accepted in the weeks
    payouts: int  # so many
    best: list[Place] = field(default_factory=list)  # in the month of the week's end
    partners: Line | None = None  # likewise
    cost: list[Line] = field(default_factory=list)  # of the last months, where the reader may see money


def weekly(store: Store, organization_id: str, location_ids: list[str] | None, week: date, *, money: bool) -> Weekly:
    """`week` is a Monday; `location_ids` None: the whole organization. One row read a day (or month) and place."""
    places = [ALL] if location_ids is None else sorted(location_ids)
    first, last = week - (WEEKS - 1) * WEEK, week + timedelta(days=6)
    found = by_period(store, organization_id, places, (first, last), "week")
    sums: dict[str, int] = {}
    for counts in found.values():
        add(sums, counts)
    now, before = found[week.isoformat()], found[(week - WEEK).isoformat()]
    month = last.isoformat()[:7]
    campaigns = by_campaign(store, organization_id, places, (week, last))
    return Weekly(
        title=_title(store, organization_id, location_ids),
        first=week,
        stages={stage: (total(now, stage), total(before, stage)) for stage in STAGES},
        weeks=list(found),
        trend={stage: [total(counts, stage) for counts in found.values()] for stage in TREND},
        channels=_channels(now),
        campaigns={id: funnel.total for id, funnel in campaigns.items()},
        conversions={status: sums.get(f"conversion.{status}", 0) for status in CONVERSIONS},
        waits={
            f"{since} p{percent}": percentile(waits(sums, since), percent) for since in WAITS for percent in (50, 95)
        },
        payouts=total(sums, "approval"),
        best=leaderboard(store, organization_id, places[0], month, "customer", limit=BEST) if len(places) == 1 else [],
        partners=_partners(store, organization_id, places, month),
        cost=list(cost(store, organization_id, places, _months(last))) if money else [],
    )


def _channels(counts: dict[str, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for counter, number in counts.items():
        stage, _, channel = counter.partition(".")
        if stage in STAGES:
            found.setdefault(channel, dict.fromkeys(STAGES, 0))[stage] = number
    return dict(sorted(found.items()))


def _partners(store: Store, org: str, places: list[str], month: str) -> Line:
    (line,) = partners(of_months(store, org, places, (BEGIN, month)), month)
    return line


def _months(last: date) -> tuple[date, date]:
    """The last months up to that day."""
    first = last.replace(day=1)
    for _ in range(COST_MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, last


def _title(store: Store, organization_id: str, location_ids: list[str] | None) -> str:
    if location_ids is not None and len(location_ids) == 1:
        location = store.find(Location, organization_id, location_ids[0])
        return location.name if location is not None else ""
    organization = store.find(Organization, organization_id, organization_id)
    name = organization.name if organization is not None else ""
    return name if location_ids is None else f"{name} ({len(location_ids)} branches)"
