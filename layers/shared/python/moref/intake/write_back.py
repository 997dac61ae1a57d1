"""Tells the CRM's staff that a job came by a referral: the code in a field of theirs, and one note. No names.

The field can be written again, the note cannot: it is claimed before and never repeated when its answer is lost.
"""

from datetime import timedelta
from typing import Any

from moref.intake import call_budget
from moref.intake.apply_notice import job_id
from moref.intake.pulled import CrmRecord, record_id
from moref.intake.reader import Open, open_reader
from moref.kernel import codes
from moref.kernel.errors import Conflict, Failure, NeedsPerson, NotFound, Retry
from moref.kernel.names import INBOX
from moref.records import Change, get
from moref.referrals.model import Referral
from moref.runtime import Runtime
from moref.tenants.model import Connection

DELAY = timedelta(seconds=60)  # the referral is found by other workers first
TRIES = 5
OUT = frozenset({"removed", "duplicate", "ineligible"})


def look_later(runtime: Runtime, record: CrmRecord) -> None:
    """After a read that told something: who referred the job may be known soon."""
    command = {
        "command": "write_back", "organization_id": record.organization_id, "connection_id": record.connection_id,
        "record": record.external_id,
    }  # fmt: skip
    if record.note is None:
        runtime.queues.send(INBOX, command, delay_seconds=int(DELAY.total_seconds()))


def write_back(
    runtime: Runtime, organization_id: str, connection_id: str, external_id: str, *, open: Open = open_reader
) -> None:
    """Harmless when repeated. What fails before the note is tried again after the next read."""
    connection = get(runtime.store, Connection, organization_id, connection_id)
    referral = _referral(runtime, connection, external_id)
    if referral is None or connection.status != "active":
        return
    claimed = _claim(runtime, connection, external_id, referral)
    if claimed is None:
        return
    state = _written(open, runtime, connection, claimed, codes.display(referral.code))
    runtime.metrics.count(f"crm_note_{state or 'put_off'}")
    _record(runtime, claimed, state)


def _written(open: Open, runtime: Runtime, connection: Connection, record: CrmRecord, code: str) -> str | None:
    """What became of the note; None when it was not tried."""
    field = connection.config.get("code_field")
    try:
        crm = open(runtime, connection)
        if field:
            crm.set_fields(record.external_id, {field: code})
    except (Failure, NotFound) as failure:
        return "failed" if not isinstance(failure, Retry | NeedsPerson) else None
    try:
        crm.add_note(record.external_id, f"Referred by a customer through Mo-ref, code {code}.")
    except (Failure, NotFound) as failure:
        return None if isinstance(failure, Retry | NeedsPerson) else "unknown"
    return "done"


def _referral(runtime: Runtime, connection: Connection, external_id: str) -> Referral | None:
    org = connection.organization_id
    for id in runtime.store.lookup(org, "job_referral", job_id(org, connection.id, external_id)):
        referral = runtime.store.find(Referral, org, id)
        if referral is not None and referral.job_id is not None and referral.status not in OUT:
            return referral
    return None


def _claim(runtime: Runtime, connection: Connection, external_id: str, referral: Referral) -> CrmRecord | None:
    org = connection.organization_id
    for _ in range(TRIES):
        now = runtime.clock.now()
        record = get(runtime.store, CrmRecord, org, record_id(org, connection.id, external_id))
        budget = call_budget.current(runtime, connection)
        if record.note is not None or record.status == "gone" or not call_budget.allows(budget, "status", 2, now):
            return None
        after = record.changed(now, note="claimed", note_code=referral.code)
        try:
            runtime.store.commit(Change(record, after), call_budget.spending(budget, 2, now))
        except Conflict:
            continue
        return get(runtime.store, CrmRecord, org, record.id)
    raise Conflict("the record is being changed by others")


def _record(runtime: Runtime, claimed: CrmRecord, state: Any) -> None:
    for _ in range(TRIES):
        record = get(runtime.store, CrmRecord, claimed.organization_id, claimed.id)
        try:
            runtime.store.commit(Change(record, record.changed(runtime.clock.now(), note=state)))
        except Conflict:
            continue
        return
    raise Conflict("the record is being changed by others")
