"""Budgets of rewards, and what was spent of them."""

from typing import ClassVar, Literal

from pydantic import Field, StrictInt

from moref.kernel import ids
from moref.money import Currency, Positive
from moref.records import Entity

BudgetPeriod = Literal["month", "quarter", "year"]


class Budget(Entity):
    """The most that may be approved in a period, at one location or in the whole organization; id is derived from it.

    A location's approvals take from both. Counted by the time of approval, in the location's time zone (an
    organization's budget: in that of the approved conversion's location).
    """

    noun: ClassVar[str] = "budget"

    location_id: str | None = None  # None: all locations together
    period: BudgetPeriod = "month"
    amount: Positive
    currency: Currency = "USD"
    status: Literal["active", "paused", "archived"] = "active"  # paused: nothing is approved until it goes on
    reason: str | None = None  # why it is paused


class Spend(Entity):
    """What a budget's period has taken; id is derived from budget and period. Moved by approvals and reversals only."""

    noun: ClassVar[str] = "spend"

    budget_id: str
    location_id: str | None = None
    period: str  # "2026-06", "2026-Q2", "2026"
    currency: str
    amount: StrictInt = 0
    approvals: int = Field(default=0, ge=0)

    def parent(self) -> str:
        return self.budget_id


def budget_id(organization_id: str, location_id: str | None) -> str:
    return ids.derived("bud", organization_id, location_id or "")


def spend_id(budget_id: str, period: str) -> str:
    return ids.derived("spd", budget_id, period)
