"""Where a budget stands in its running period, and where it will at the end if things go on as they went. Pure but for
one read; whole minor units, rounded down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from moref.budgets.model import Budget, Spend, spend_id
from moref.programs.periods import bounds, period_key
from moref.records import Store
from moref.tenants.model import Location

EARLY = timedelta(days=1)  # sooner there is nothing to go by


@dataclass(frozen=True, slots=True)
class Forecast:
    """`projected` and `exhausted_at` are None within the first day; `exhausted_at` also when it will last."""

    period: str
    spent: int
    approvals: int
    left: int
    projected: int | None
    exhausted_at: datetime | None


def forecast(store: Store, budget: Budget, now: datetime) -> Forecast:
    """In the location's time zone; an organization's budget, whose locations may be in several, in UTC."""
    place = store.find(Location, budget.organization_id, budget.location_id) if budget.location_id else None
    zone = place.time_zone if place else "UTC"
    period = period_key(budget.period, now, zone)
    spend = store.find(Spend, budget.organization_id, spend_id(budget.id, period))
    spent, approvals = (spend.amount, spend.approvals) if spend else (0, 0)
    begin, end = bounds(budget.period, now, zone)
    past, whole = _seconds(now - begin), _seconds(end - begin)
    projected = spent * whole // past if now - begin >= EARLY else None
    runs_out = None
    if projected is not None and projected > budget.amount and spent < budget.amount:
        runs_out = begin + timedelta(seconds=past * budget.amount // spent)
    elif spent >= budget.amount:
        runs_out = now
    return Forecast(period, spent, approvals, max(budget.amount - spent, 0), projected, runs_out)


def _seconds(span: timedelta) -> int:
    return span.days * 86_400 + span.seconds
