"""Sets, changes and pauses budgets. What a budget held is judged again after a change."""

from typing import Any

from moref.budgets.model import Budget, budget_id
from moref.events import Event
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Emit, create_once, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location


def create_budget(runtime: Runtime, organization_id: str, fields: dict[str, Any], *, actor: str) -> Budget:
    """Raises Conflict when the location (or the organization) has one; NotFound for the location; BadInput when another
    budget over the same money is in another currency: what is spent is never converted."""
    now, store, place = runtime.clock.now(), runtime.store, fields.get("location_id")
    if place is not None:
        get(store, Location, organization_id, place)
    for other in every(store, Budget, organization_id):
        over = place is None or other.location_id in (None, place)
        if over and other.status != "archived" and other.currency != fields["currency"]:
            raise BadInput(f"another budget over the same rewards is in {other.currency}", field="currency")
    id = budget_id(organization_id, place)
    budget = Budget(organization_id=organization_id, id=id, created_at=now, updated_at=now, **fields)
    told = Emit(Event("budget.changed", organization_id, id, {"status": budget.status}), now)
    if not create_once(store, budget, told, audited(now, organization_id, actor, "budget.created", id)):
        raise Conflict(f"budget {id} is there already: change that one")
    return get(store, Budget, organization_id, id)


def change_budget(
    runtime: Runtime, organization_id: str, id: str, version: int, fields: dict[str, Any], *, actor: str
) -> Budget:
    """Less than is spent may be set: nothing more is approved then. Raises Conflict, NotFound, BadInput."""
    now = runtime.clock.now()
    before = get(runtime.store, Budget, organization_id, id)
    if before.version != version:
        raise Conflict(f"the budget is at version {before.version}")
    if not fields:
        raise BadInput("nothing to change", field="body")
    after = before.changed(now, **fields)
    if after.status == "paused" and not after.reason:
        raise BadInput("a pause needs its reason", field="reason")
    if after.status != "paused":
        after = after.changed(now, reason=None)
    told = Emit(Event("budget.changed", organization_id, id, {"status": after.status}), now)
    detail = {"fields": ",".join(sorted(fields))}
    runtime.store.commit(
        Change(before, after), told, audited(now, organization_id, actor, "budget.changed", id, **detail)
    )
    return get(runtime.store, Budget, organization_id, id)
