"""On credit.applied and credit.undone: a note in the CRM that credit came off a job, or is back, where the connection
can take notes. No names.

Claimed before it is written and never repeated when its answer is lost, as any note (intake.write_back); the staff's
task says the same in any case. What was certainly never noted is not taken back.
"""

from typing import Literal

from moref.intake import call_budget
from moref.intake.reader import Open, open_reader
from moref.kernel import plugins
from moref.kernel.errors import Conflict, Failure, NeedsPerson, NotFound, Retry
from moref.kernel.money import Money
from moref.records import Change, get
from moref.rewards.benefit_model import CreditUse, Note
from moref.runtime import Runtime
from moref.tenants.model import Connection

Field = Literal["note", "undone_note"]

_MAY_STAND = frozenset({"claimed", "done", "unknown"})  # the note that the invoice is to come to less


def note_credit(runtime: Runtime, organization_id: str, use_id: str, *, open: Open = open_reader) -> None:
    """Says how the use is now, whichever event came. Harmless when repeated. Raises Retry when nothing was written and
    it can be tried again; Conflict on a race."""
    use = get(runtime.store, CreditUse, organization_id, use_id)
    field = _lacking(use)
    if field is None:
        return
    connection = runtime.store.find(Connection, organization_id, use.connection_id)
    if connection is None or connection.status != "active" or not takes_notes(connection):
        _set(runtime, use, field, "not_possible")
        return
    now = runtime.clock.now()
    budget = call_budget.current(runtime, connection)
    if not call_budget.allows(budget, "status", 1, now):
        _set(runtime, use, field, "not_possible")  # this month's calls are for reading; the task says it
        return
    claimed = use.changed(now, **{field: "claimed"})
    runtime.store.commit(Change(use, claimed), call_budget.spending(budget, 1, now))
    state: Note = _written(runtime, connection, use, open)
    runtime.metrics.count(f"crm_credit_note_{state}")
    fresh = get(runtime.store, CreditUse, organization_id, use_id)
    if fresh.turn == use.turn:  # else its notes are those of another turn
        _set(runtime, fresh, field, state)


def _lacking(use: CreditUse) -> Field | None:
    if use.status == "applied":
        return "note" if use.note is None else None
    return "undone_note" if use.undone_note is None and use.note in _MAY_STAND else None


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
    try:
        crm.add_note(use.external_id, _words(use))
    except (Failure, NotFound) as failure:
        return "failed" if isinstance(failure, Retry | NeedsPerson | NotFound) else "unknown"
    return "done"


def _words(use: CreditUse) -> str:
    amount = Money(use.amount, use.currency).for_people()
    if use.status == "undone":
        return f"The service credit of {amount} is not to be taken off: the invoice was undone (Mo-ref)."
    again = ", instead of what was noted before" if use.turn > 1 else ""
    return f"Service credit of {amount} to take off this invoice{again} (Mo-ref)."


def _set(runtime: Runtime, use: CreditUse, field: Field, state: Note) -> None:
    """Raises Conflict when the use changed meanwhile; a claimed note stays claimed then, which is never repeated."""
    try:
        runtime.store.commit(Change(use, use.changed(runtime.clock.now(), **{field: state})))
    except Conflict:
        if state == "not_possible":
            raise
