"""Says what a CRM's event would do, and does nothing: for whoever writes the program that posts it."""

import json
from typing import Any

from moref.intake import derive
from moref.intake.apply_notice import CRM_PACKAGE
from moref.intake.notice import read_notice
from moref.intake.telling import read
from moref.kernel import plugins
from moref.runtime import Runtime
from moref.tenants.model import Connection

IGNORED = "not an event about a job: it is taken, and nothing comes of it"


def explain_event(runtime: Runtime, connection: Connection, event: dict[str, Any]) -> dict[str, Any]:
    """JSON types. Raises BadInput or Malformed as the real one would be quarantined, naming the field."""
    adapter = plugins.load(CRM_PACKAGE, connection.crm)
    parsed = adapter.parse(json.dumps(event).encode(), {})
    if parsed is None:
        return {"ignored": IGNORED, "job": None, "notes": []}
    if getattr(adapter, "THIN", False):
        return {"ignored": None, "job": None, "notes": [f"{parsed['event']}: the record is read from the CRM"]}
    now = runtime.clock.now()
    notice = read_notice(parsed, now)
    telling = read(runtime, connection, now, notice)
    facts = derive.merge_facts({}, (fact.fact() for fact in notice.facts))
    job = {
        "external_id": notice.job.id,
        "location_id": telling.location_id or connection.default_location_id,
        "state": derive.state(facts),
        "facts": sorted(facts),
        "phone": telling.phone,
        "email": telling.email,
        "text_consent": telling.consent is not None,
        "referral_code": telling.referral_code,
        "referred_by": telling.referred_by,
    }
    return {"ignored": None, "job": job, "notes": telling.notes}
