"""The month's calls of a connection: counted before each call, so that a crash never loses one.

When they run short, reads about details wait first, then all reads: the rest is kept for handing leads over. What
notifications say of the status themselves is applied all the same.
"""

from datetime import datetime, timedelta
from typing import Literal

from moref.intake.pulled import CallBudget, budget_id
from moref.kernel.errors import Conflict
from moref.records import Change, Create, Write
from moref.runtime import Runtime
from moref.tenants.model import Connection

Use = Literal["detail", "status", "write"]

# Percent of the month's allowance up to which each use may spend.
UP_TO: dict[Use, int] = {"detail": 80, "status": 95, "write": 100}
DEFAULT_ALLOWANCE = 125_000  # SmartMoving's Premium; a connection's config may say otherwise
TRIES = 10
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


def current(runtime: Runtime, connection: Connection) -> CallBudget:
    """The budget of this month, maybe not stored yet (version 0)."""
    now = runtime.clock.now()
    month = f"{now:%Y-%m}"
    id = budget_id(connection.organization_id, connection.id, month)
    found = runtime.store.find(CallBudget, connection.organization_id, id)
    allowance = int(connection.config.get("monthly_calls", DEFAULT_ALLOWANCE))
    return found or CallBudget(
        organization_id=connection.organization_id, id=id, created_at=now, updated_at=now,
        connection_id=connection.id, month=month, allowance=allowance,
    )  # fmt: skip


def allows(budget: CallBudget, use: Use, calls: int, now: datetime) -> bool:
    if budget.paused_until is not None and now < budget.paused_until:
        return False
    return (budget.used + calls) * 100 <= budget.allowance * UP_TO[use]


def spending(budget: CallBudget, calls: int, now: datetime) -> Write:
    """The write that counts the calls, for the commit that makes them ours."""
    return _saved(budget, _counted(budget, now, used=budget.used + calls))


def spend(runtime: Runtime, connection: Connection, use: Use, calls: int = 1) -> bool:
    """Counts calls that are about to be made; False when there are none left for this use, or the CRM is paused."""
    for _ in range(TRIES):
        budget, now = current(runtime, connection), runtime.clock.now()
        allowed = allows(budget, use, calls, now)
        try:
            runtime.store.commit(spending(budget, calls, now) if allowed else putting_off(budget, now))
        except Conflict:
            continue
        return allowed
    raise Conflict("the call budget is being changed by others")


def putting_off(budget: CallBudget, now: datetime) -> Write:
    return _saved(budget, _counted(budget, now, put_off=budget.put_off + 1))


def pause(runtime: Runtime, connection: Connection, reason: str, seconds: int | None) -> None:
    """The CRM refuses us (credentials, rate): all calls of the connection wait, longer each time."""
    for _ in range(TRIES):
        budget, now = current(runtime, connection), runtime.clock.now()
        wait = PAUSES[min(budget.pauses, len(PAUSES) - 1)]
        since = budget.paused_since or now
        until = now + max(wait, timedelta(seconds=min(seconds or 0, 86_400)))
        paused = budget.changed(now, paused_until=until, pauses=budget.pauses + 1, reason=reason, paused_since=since)
        try:
            runtime.store.commit(_saved(budget, paused))
        except Conflict:
            continue
        runtime.metrics.count("crm_paused")
        return
    raise Conflict("the call budget is being changed by others")


def answered(budget: CallBudget, now: datetime) -> tuple[Write, ...]:
    """The CRM takes our calls again."""
    if not budget.pauses:
        return ()
    return (_saved(budget, budget.changed(now, pauses=0, paused_until=None, paused_since=None, reason=None)),)


def _counted(budget: CallBudget, now: datetime, **counts: int) -> CallBudget:
    after = budget.changed(now, **counts)
    percent = after.used * 100 // max(1, after.allowance)
    status = "spent" if percent >= UP_TO["status"] else "low" if percent >= UP_TO["detail"] else "open"
    return after.changed(now, status=status)


def _saved(before: CallBudget, after: CallBudget) -> Write:
    return Change(before, after) if before.version else Create(after)
