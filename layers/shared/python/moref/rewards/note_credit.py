"""On credit.applied: a note in the CRM that credit came off a job, where the connection can take notes. No names.

Claimed before it is written and never repeated when its answer is lost, as any note (intake.write_back); the staff's
task says the same in any case.
"""

from typing import Literal

from moref.intake import call_budget
from moref.intake.reader import Open, open_reader
from moref.kernel import plugins
from moref.kernel.errors import Conflict, Failure, NeedsPerson, NotFound, Retry
from moref.kernel.money import Money
from moref.records import Change, get
from moref.rewards.benefit_model import CreditUse
from moref.runtime import Runtime
from moref.tenants.model import Connection

Note = Literal["claimed", "done", "failed", "unknown", "not_possible"]


def note_credit(runtime: Runtime, organization_id: str, use_id: str, *, open: Open = open_reader) -> None:
    """Harmless when repeated. Raises Retry when nothing was written and it can be tried again; Conflict on a race."""
    use = get(runtime.store, CreditUse, organization_id, use_id)
    if use.note is not None or use.status != "applied":
        return
    connection = runtime.store.find(Connection, organization_id, use.connection_id)
    if connection is None or connection.status != "active" or not takes_notes(connection):
        _set(runtime, use, "not_possible")
        return
    now = runtime.clock.now()
    budget = call_budget.current(runtime, connection)
    if not call_budget.allows(budget, "status", 1, now):
        _set(runtime, use, "not_possible")  # this month's calls are for reading; the task says it
        return
    claimed = use.changed(now, note="claimed")
    runtime.store.commit(Change(use, claimed), call_budget.spending(budget, 1, now))
    state: Note = _written(runtime, connection, use, open)
    runtime.metrics.count(f"crm_credit_note_{state}")
    _set(runtime, get(runtime.store, CreditUse, organization_id, use_id), state)


def takes_notes(connection: Connection) -> bool:
    try:
        return hasattr(plugins.load("moref.intake.crm", connection.crm), "client")
    except NotFound:
        return False


def _written(runtime: Runtime, connection: Connection, use: CreditUse, open: Open) -> Note:
    try:
        crm = open(runtime, connection)
    except (Failure, NotFound):
        return "failed"
    amount = Money(use.amount, use.currency).for_people()
    try:
        crm.add_note(use.external_id, f"Service credit of {amount} to take off this invoice (Mo-ref).")
    except (Failure, NotFound) as failure:
        return "failed" if isinstance(failure, Retry | NeedsPerson | NotFound) else "unknown"
    return "done"


def _set(runtime: Runtime, use: CreditUse, state: Note) -> None:
    """Raises Conflict when the use changed meanwhile; a claimed note stays claimed then, which is never repeated."""
    try:
        runtime.store.commit(Change(use, use.changed(runtime.clock.now(), note=state)))
    except Conflict:
        if state == "not_possible":
            raise
