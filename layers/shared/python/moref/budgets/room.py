"""What is left of the budgets that an approval takes from, and the writes that take it and give it back.

A spend row's version orders the approvals of a budget: of fifty that race for ten, ten commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from moref.budgets.model import Budget, Spend, budget_id, spend_id
from moref.kernel.money import Money
from moref.programs.periods import period_key
from moref.records import Change, Create, Require, Store, Write, get
from moref.tenants.model import Location


@dataclass(frozen=True, slots=True)
class Room:
    budget: Budget
    spend: Spend  # as stored, or empty (version 0)

    def refusal(self, amount: int, currency: str) -> str | None:
        """Why so much cannot be taken now, for staff."""
        where = "of this location" if self.budget.location_id else "of all locations"
        if self.budget.status == "paused":
            return f"The budget {where} is paused: {self.budget.reason or 'no reason given'}."
        if currency != self.budget.currency:
            return f"The budget {where} is in {self.budget.currency}, the reward in {currency}."
        left = max(self.budget.amount - self.spend.amount, 0)
        if amount <= left:
            return None
        rest, whole = (Money(each, currency).for_people() for each in (left, self.budget.amount))
        return f"The budget {where} for {self.spend.period} has {rest} left of {whole}."


def rooms(store: Store, location: Location, now: datetime) -> list[Room]:
    """The location's own budget and the organization's, those that stand."""
    org = location.organization_id
    found = (store.find(Budget, org, budget_id(org, place)) for place in (location.id, None))
    return [_room(store, budget, location.time_zone, now) for budget in found if budget and budget.status != "archived"]


def _room(store: Store, budget: Budget, zone: str, now: datetime) -> Room:
    period = period_key(budget.period, now, zone)
    id = spend_id(budget.id, period)
    spend = store.find(Spend, budget.organization_id, id) or Spend(
        organization_id=budget.organization_id, id=id, created_at=now, updated_at=now, budget_id=budget.id,
        location_id=budget.location_id, period=period, currency=budget.currency,
    )  # fmt: skip
    return Room(budget, spend)


def taking(found: Iterable[Room], amount: int, currency: str, now: datetime) -> list[Write]:
    """Nothing when a budget is in another currency (staff have set it aside). The budget itself must be as read."""
    writes: list[Write] = []
    for room in found:
        if room.budget.currency != currency:
            continue
        before = room.spend
        after = before.changed(now, amount=before.amount + amount, approvals=before.approvals + 1)
        writes += [Change(before, after) if before.version else Create(after), Require(room.budget)]
    return writes


def taken_from(found: Iterable[Room], currency: str) -> list[str]:
    return [room.spend.id for room in found if room.budget.currency == currency]


def giving_back(
    store: Store, organization_id: str, spend_ids: Iterable[str], amount: int, now: datetime, *, approvals: int = 1
) -> list[Write]:
    """To the period it was taken from, also when that is over. `approvals`: 0 when the approval itself stands."""
    writes: list[Write] = []
    for id in spend_ids:
        before = get(store, Spend, organization_id, id)
        after = before.changed(now, amount=before.amount - amount, approvals=before.approvals - approvals)
        writes.append(Change(before, after))
    return writes
