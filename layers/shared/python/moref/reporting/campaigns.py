"""What every campaign achieved, side by side: the totals of the campaigns' own funnels."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from moref.records import Store, every
from moref.reporting.funnel import Funnel
from moref.reporting.model import FunnelDay
from moref.reporting.periods import PAGE


def by_campaign(
    store: Store, organization_id: str, places: Iterable[str], days: tuple[date, date]
) -> dict[str, Funnel]:
    """Of messages sent on these days (UTC), by campaign id: one row read a day, campaign and place."""
    found: dict[str, Funnel] = {}
    since, until = (datetime.combine(day, time(), UTC) for day in days)
    for place in places:
        for row in every(store, FunnelDay, organization_id, location_id=place, since=since, until=until, limit=PAGE):
            found.setdefault(row.campaign_id, Funnel()).add(row.counts)
    return dict(sorted(found.items()))
