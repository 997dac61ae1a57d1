"""Jobs of the past: they make their people known customers, with the days of the jobs and not of the import.

The rows go the way of the CRM's own notices, so the CRM's later word about the same job meets it. No campaign hears of
them; attribution does, and leaves alone what is older than a referral.
"""

from collections.abc import Sequence
from typing import Any

from moref.csv_table import Cells
from moref.events import Event
from moref.imports import cells as cell
from moref.imports.model import Outcome
from moref.imports.persons import EMAIL, FIRST, LAST, PHONE, TRIES, brought, person
from moref.imports.table import Frame, KindOf
from moref.intake.apply_notice import job_id, notice_writes
from moref.intake.model import Job
from moref.intake.notice import JobNotice, read_notice
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Emit, Write

_PLACE = ("street", "city", "state", "postal_code")
_STEPS = ("booked", "completed", "invoiced", "paid", "cancelled")
_DATES = {f"{step}_at": (f"{step} date", f"{step} on", step) for step in _STEPS}
COLUMNS: dict[str, Sequence[str]] = {
    "external_id": ("job id", "job number", "job no", "id"),
    "customer_id": ("contact id",),
    "first_name": FIRST,
    "last_name": LAST,
    "phone": PHONE,
    "email": EMAIL,
    "location": ("branch",),
    **_DATES,
    "amount": ("total", "invoice amount"),
    "currency": (),
    "job_type": ("type of job", "service"),
    **{
        f"{end}_{part}": (f"{end} zip",) if part == "postal_code" else ()
        for end in ("origin", "destination")
        for part in _PLACE
    },
}
REQUIRED = (("external_id",), ("phone", "email", "customer_id"), ("booked_at", "completed_at"))


def read(frame: Frame, cells: Cells) -> JobNotice:
    """The row as the CRM would have told it. A job without the day it was booked or completed says nothing of when."""
    if frame.connection is None:
        raise BadInput("jobs are of a CRM: say which when the import is made (connection_id)", field="external_id")
    if not (cells.get("booked_at") or cells.get("completed_at")):
        raise BadInput("neither the day it was booked nor the day it was completed", field="completed_at")
    place, as_of = frame.location(cells), iso(frame.one.options.as_of)
    job: dict[str, Any] = {
        "id": cell.text(cells, "external_id", 200, needed=True), "branch": place.crm_branch or place.name,
        "type": cell.text(cells, "job_type", 60) or None, "origin": _place(cells, "origin"),
        "destination": _place(cells, "destination"),
    }  # fmt: skip
    facts: list[dict[str, Any]] = [
        {"kind": step, "value": True, "at": iso(at)}
        for step in _STEPS
        if (at := cell.instant(cells, f"{step}_at", place.time_zone, frame.now)) is not None
    ]
    money = cell.money(cells, "amount", frame.one.options.currency)
    if money is not None:
        job["currency"] = money[1]
        facts.append({"kind": "amount", "value": money[0], "at": max(fact["at"] for fact in facts)})
    customer = _customer(cells)
    return read_notice({"at": as_of, "job": job, "customer": customer, "facts": facts}, frame.now)


def _customer(cells: Cells) -> dict[str, Any]:
    id = cell.text(cells, "customer_id", 200) or None
    if id is not None and not (cells.get("phone") or cells.get("email")):
        return {"id": id, **{name: cell.text(cells, name, 120) for name in ("first_name", "last_name")}}
    who = person(cells)
    return {
        "id": id, "first_name": who.first_name, "last_name": who.last_name, "phone": who.phone, "email": who.email,
    }  # fmt: skip


def _place(cells: Cells, end: str) -> dict[str, str] | None:
    found = {part: given for part in _PLACE if (given := cell.text(cells, f"{end}_{part}"))}
    return found or None


def bring(frame: Frame, notice: JobNotice) -> Outcome:
    if frame.connection is None:
        raise BadInput("the connection is gone", field="external_id")
    id = job_id(frame.organization_id, frame.connection.id, notice.job.id)
    for _ in range(TRIES):
        writes = notice_writes(frame.runtime, frame.connection, frame.now, notice)
        told = [write for write in writes if not (isinstance(write, Emit) and write.event.name == "job.changed")]
        if len(told) != len(writes):
            told.append(Emit(Event("job.imported", frame.organization_id, id), frame.now))
        try:
            if told:
                frame.runtime.store.commit(*brought(told, None))
        except Conflict:
            continue
        return _outcome(writes)
    raise Conflict("the job is being changed by others")


def _outcome(writes: tuple[Write, ...]) -> Outcome:
    for write in writes:
        if isinstance(write, Create) and isinstance(write.entity, Job):
            return "created"
        if isinstance(write, Change) and isinstance(write.before, Job) and isinstance(write.after, Job):
            return "changed" if _said(write.before) != _said(write.after) else "unchanged"
    return "unchanged"


def _said(job: Job) -> tuple[object, ...]:
    return job.facts, job.state, job.contact_id, job.location_id, job.origin, job.destination, job.job_type


WORDS = (
    "Jobs of the past, with the days they were booked or completed: whoever had one is a known customer "
    "from then on. Nobody is written to."
)
KIND = KindOf(WORDS, COLUMNS, REQUIRED, read, bring, _outcome)
