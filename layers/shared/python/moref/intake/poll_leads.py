"""Asks a CRM for its leads, since it tells of none: one that we do not know yet is read like any other record.

A lead and the opportunity it becomes share the CRM's id as far as anybody says; where they do not, the CRM answers that
it knows no such record, and after a few tries the row is closed without any effect on a job.
"""

from moref.intake import call_budget
from moref.intake.mark_dirty import raise_version
from moref.intake.pulled import CrmRecord, record_id
from moref.intake.reader import Open, open_reader
from moref.kernel.errors import Failure, NotFound
from moref.records import get
from moref.runtime import Runtime
from moref.tenants.model import Connection

MOST_PAGES = 5


def poll_leads(runtime: Runtime, organization_id: str, connection_id: str, *, open: Open = open_reader) -> int:
    """How many were new. Stops quietly when calls are short or the CRM does not answer: the next hour asks again."""
    connection = get(runtime.store, Connection, organization_id, connection_id)
    if connection.status != "active":
        return 0
    new = 0
    for page in range(1, MOST_PAGES + 1):
        if not call_budget.spend(runtime, connection, "detail"):
            break
        began = runtime.clock.now()
        try:
            leads, last = open(runtime, connection).leads(page)
        except (Failure, NotFound):
            runtime.metrics.count("crm_poll_failed")
            break
        for lead in leads:
            id = record_id(organization_id, connection_id, lead["id"].lower())
            if runtime.store.find(CrmRecord, organization_id, id) is None:
                raise_version(runtime, organization_id, connection_id, lead["id"].lower(), began)
                new += 1
        if last:
            break
    return new
