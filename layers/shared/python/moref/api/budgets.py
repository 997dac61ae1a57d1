"""Budgets of rewards, where they stand, and what was spent in earlier periods."""

from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.budgets.forecast import forecast
from moref.budgets.model import Budget, Spend
from moref.budgets.save_budget import change_budget, create_budget
from moref.kernel.clock import iso
from moref.tenants.model import Location
from moref.tenants.program_forms import BudgetChanges, NewBudget

_FORECAST: Schema = {
    "type": "object",
    "description": "the running period, and where it ends if things go on as they went",
    "properties": {
        "period": {"type": "string"},
        "spent": {"type": "integer"},
        "approvals": {"type": "integer"},
        "left": {"type": "integer"},
        "projected": {"type": ["integer", "null"], "description": "at its end; null within its first day"},
        "exhausted_at": {"type": ["string", "null"], "format": "date-time"},
    },
    "required": ["period", "spent", "approvals", "left", "projected", "exhausted_at"],
}


def _standing(call: Call, budget: Budget) -> dict[str, Any]:
    found = forecast(call.runtime.store, budget, call.runtime.clock.now())
    return {
        "period": found.period, "spent": found.spent, "approvals": found.approvals, "left": found.left,
        "projected": found.projected, "exhausted_at": iso(found.exhausted_at) if found.exhausted_at else None,
    }  # fmt: skip


BUDGET = Resource(
    "budgets",
    Budget,
    words("location_id period amount currency status reason"),
    "the most that may be approved in a period; amounts in minor units",
    STATUS | PLACE,
    extras={"forecast": (_FORECAST, _standing)},
)
SPEND = Resource(
    "budget-periods",
    Spend,
    words("budget_id location_id period currency amount approvals"),
    "what each period of a budget has taken",
    PLACE | {"budget_id": "parent"},
)
ROWS = (BUDGET, SPEND)


def _create(call: Call) -> Any:
    if call.body.location_id is not None:
        call.get(Location, call.body.location_id)
    made = create_budget(call.runtime, call.organization_id, dict(call.body), actor=call.caller.member_id)
    return BUDGET.shown_to(call, made)


def _change(call: Call) -> Any:
    id, body = call.get(Budget, call.params["id"]).id, call.body
    changed = change_budget(
        call.runtime, call.organization_id, id, body.version, body.given(), actor=call.caller.member_id
    )
    return BUDGET.shown_to(call, changed)


OPERATIONS = (
    Operation("POST", "/v1/budgets", _create, "admin", "budgets", "Sets a budget", BUDGET.schema, status=201,
              body=NewBudget, idempotency="optional", whole=True, fresh=True),
    Operation("PATCH", "/v1/budgets/{id}", _change, "admin", "budgets",
              "Changes a budget, pauses it or lets it go on; what it held is judged again", BUDGET.schema,
              body=BudgetChanges, whole=True, fresh=True),
)  # fmt: skip
